/** Picks a color from what lies below: a loupe follows the mouse, the finger or the arrow keys. */

import { html, useEffect, useLayoutEffect, useRef, useSignal } from "../vendor/preact.js";
import { nameOf } from "../lib/color_names.js";
import { meanColor, patchAt } from "../lib/images.js";

const LOUPE_PIXELS = 13; // of the image, per side
const PICKED_PIXELS = 3; // whose mean is the color
const STEP = 2; // CSS pixels of an arrow key
const LARGE_STEP = 20;
const MARGIN = 70; // CSS pixels that the loupe needs around its middle
const ABOVE_FINGER = 95;

/**
 * A layer that covers its parent.
 *
 * @param label name of what the color is picked from.
 * @param imageAt function of a position in the layer, in CSS pixels: { image, x, y }, with the position as fractions of the image, or null.
 * @param onPick called with a color, or with null if the user gives up.
 */
export function Eyedropper({ label, imageAt, onPick }) {
  const layer = useRef();
  const canvas = useRef();
  const spot = useSignal(null); // { x, y, isTouched, color, patch }
  const moveTo = (x, y, isTouched = false) => {
    const { clientWidth, clientHeight } = layer.current;
    const [left, top] = [clamp(x, 0, clientWidth - 1), clamp(y, 0, clientHeight - 1)];
    const below = imageAt(left, top);
    const patch = below && patchAt(below.image, below.x, below.y, LOUPE_PIXELS);
    spot.value = { x: left, y: top, isTouched, patch, color: patch && meanColor(patch, PICKED_PIXELS) };
  };
  const pick = () => spot.value?.color && onPick(spot.value.color);
  useEffect(() => {
    moveTo(layer.current.clientWidth / 2, layer.current.clientHeight / 2);
    layer.current.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const patch = spot.value?.patch;
    if (patch) canvas.current.getContext("2d").putImageData(patch, 0, 0);
  });
  const follow = (event) => {
    const box = layer.current.getBoundingClientRect();
    moveTo(event.clientX - box.left, event.clientY - box.top, event.pointerType === "touch");
  };
  const onPointer = (event) => {
    event.stopPropagation(); // what is below has gestures of its own
    if (event.target.closest("button") || !event.isPrimary || event.button > 0) return;
    if (event.type === "pointerdown") layer.current.setPointerCapture(event.pointerId);
    follow(event);
    if (event.type === "pointerup") pick();
  };
  const onKeyDown = (event) => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const isOnButton = event.target !== layer.current;
    if (direction) {
      const step = event.shiftKey ? LARGE_STEP : STEP;
      moveTo(spot.value.x + direction[0] * step, spot.value.y + direction[1] * step);
    } else if (event.key === "Escape") {
      onPick(null);
    } else if ((event.key === "Enter" || event.key === " ") && !isOnButton) {
      pick();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const color = spot.value?.color;
  return html`
    <div class="eyedropper" ref=${layer} tabindex="0" role="application" aria-label="Pick a color from ${label}: arrow keys move, Enter picks"
      onPointerDown=${onPointer} onPointerMove=${onPointer} onPointerUp=${onPointer} onKeyDown=${onKeyDown}>
      ${spot.value && html`
        <div class="loupe" hidden=${!color} style=${{ ...loupePlace(spot.value, layer.current), "--color": color }}>
          <canvas width=${LOUPE_PIXELS} height=${LOUPE_PIXELS} ref=${canvas} />
          <span aria-hidden="true">${color}</span>
        </div>
        <div class="crosshair" hidden=${!spot.value.isTouched} style=${{ left: `${spot.value.x}px`, top: `${spot.value.y}px` }} />`}
      <p class="eyedropper-help">
        <span>Pick a color from ${label}</span>
        <button type="button" class="small" onClick=${() => onPick(null)}>Cancel</button>
      </p>
      <span class="visually-hidden" role="status">${color && [nameOf(color), color].filter(Boolean).join(", ")}</span>
    </div>`;
}

/** Over the mouse; above a finger, which would hide it, or beside it at the upper edge. */
function loupePlace({ x, y, isTouched }, { clientWidth }) {
  if (!isTouched) return { left: `${x}px`, top: `${y}px` };
  if (y >= ABOVE_FINGER + MARGIN) return { left: `${clamp(x, MARGIN, clientWidth - MARGIN)}px`, top: `${y - ABOVE_FINGER}px` };
  return { left: `${x < clientWidth / 2 ? x + ABOVE_FINGER : x - ABOVE_FINGER}px`, top: `${Math.max(y, MARGIN)}px` };
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}

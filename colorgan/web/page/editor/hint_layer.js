/** The hints on the photo: draws them, and lets users select, drag, and move them with the keyboard. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { addDot, deleteHint, focusWish, selectHint, shownColor } from "../state/hint_actions.js";
import { endPicking, eyedropper } from "../state/tools.js";

const STEP = 0.004; // of the photo's longer side
const LARGE_STEP = 0.04;
const DRAG_THRESHOLD = 3; // pixels

export function HintLayer({ photo }) {
  const layer = useRef();
  const hints = photo.hints.value;
  const { index, number } = focusWish.value;
  useEffect(() => {
    if (index !== null) layer.current.querySelectorAll(".hint")[index]?.focus({ preventScroll: true });
  }, [number]);

  /** Position of a pointer event, in pixels of the photo. */
  const toPixels = (event) => {
    const box = layer.current.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * photo.width, ((event.clientY - box.top) / box.height) * photo.height];
  };
  const onClick = (event) => {
    if (event.target !== layer.current) return;
    const place = inside(photo, ...toPixels(event));
    if (eyedropper.value) endPicking(shownColor(...place));
    else addDot(...place);
  };
  return html`
    <div id="hint-layer" ref=${layer} onClick=${onClick}>
      ${hints.map((hint, index) => html`<${Marker} key=${index} ...${{ photo, hint, index, toPixels }} />`)}
      ${photo.hint.value && html`<${Radius} photo=${photo} hint=${photo.hint.value} />`}
    </div>`;
}

const place = (photo, { x, y }) => ({ left: `${(100 * x) / photo.width}%`, top: `${(100 * y) / photo.height}%` });

function Marker({ photo, hint, index, toPixels }) {
  const drag = useRef(null);
  const onPointerDown = (event) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const [x, y] = toPixels(event);
    drag.current = { dx: hint.x - x, dy: hint.y - y, clientX: event.clientX, clientY: event.clientY, moved: false };
  };
  const onPointerMove = (event) => {
    const { current } = drag;
    if (current === null) return;
    current.moved ||= Math.hypot(event.clientX - current.clientX, event.clientY - current.clientY) > DRAG_THRESHOLD;
    if (!current.moved) return;
    const [x, y] = toPixels(event);
    moveTo(x + current.dx, y + current.dy);
  };
  const onLostPointerCapture = () => {
    if (drag.current?.moved) photo.commit();
    drag.current = null;
  };
  const onKeyDown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      deleteHint(index);
      return;
    }
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const step = Math.max(photo.width, photo.height) * (event.shiftKey ? LARGE_STEP : STEP);
    moveTo(hint.x + direction[0] * step, hint.y + direction[1] * step);
    photo.commit();
  };
  const moveTo = (left, top) => {
    const [x, y] = inside(photo, left, top);
    photo.changeHint(index, { x, y });
  };
  const select = () => selectHint(index);
  return html`
    <button type="button" class="hint" style=${{ ...place(photo, hint), "--color": hint.color }} data-x=${hint.x} data-y=${hint.y}
      aria-pressed=${photo.selected.value === index}
      aria-label="Hint ${index + 1} of ${photo.hints.value.length}: ${hint.color} at ${Math.round(hint.x)}, ${Math.round(hint.y)}"
      onFocus=${select} onClick=${select} ...${{ onPointerDown, onPointerMove, onLostPointerCapture, onKeyDown }} />`;
}

function Radius({ photo, hint }) {
  return html`<div class="hint-radius" style=${{ ...place(photo, hint), width: `${(200 * hint.radius) / photo.width}%` }} />`;
}

/** Rounds a position to a tenth of a pixel, and moves it inside the photo. */
function inside(photo, x, y) {
  const clamp = (value, length) => Math.max(0, Math.min(Math.round(value * 10) / 10, length - 0.1));
  return [clamp(x, photo.width), clamp(y, photo.height)];
}

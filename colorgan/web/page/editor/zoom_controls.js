/** Buttons for the zoom, and one that shows the original as long as it is held. */

import { html } from "../vendor/preact.js";
import { Icon } from "../components/icons.js";
import { isHolding } from "../state/comparison.js";
import { canZoomIn, fit, isFit, percent, showActualSize, zoomIn, zoomOut } from "../state/viewport.js";

export function ZoomControls() {
  return html`
    <div class="row tight zoom" role="group" aria-label="Zoom">
      <button type="button" id="zoom-out" class="borderless icon" aria-label="Zoom out" title="Zoom out (−)" aria-keyshortcuts="-"
        disabled=${isFit.value} onClick=${zoomOut}><${Icon} name="minus" /></button>
      <output id="zoom-percent" aria-label="Zoom">${percent.value}%</output>
      <button type="button" id="zoom-in" class="borderless icon" aria-label="Zoom in" title="Zoom in (+)" aria-keyshortcuts="+"
        disabled=${!canZoomIn.value} onClick=${zoomIn}><${Icon} name="plus" /></button>
      <button type="button" id="zoom-fit" class="borderless small" aria-pressed=${isFit.value} title="Show the whole photo (0)" aria-keyshortcuts="0"
        onClick=${fit}>Fit</button>
      <button type="button" id="zoom-actual" class="borderless small" aria-label="1:1, actual pixels" title="Actual pixels (1)" aria-keyshortcuts="1"
        onClick=${() => showActualSize()}>1:1</button>
    </div>`;
}

const hold = (event) => {
  if (event.type === "keydown" && ![" ", "Enter"].includes(event.key)) return;
  event.preventDefault();
  if (event.pointerId !== undefined) event.currentTarget.setPointerCapture(event.pointerId);
  isHolding.value = true;
};
const release = () => { isHolding.value = false; };

export function HoldToCompare() {
  return html`
    <button type="button" id="hold-compare" class="borderless small" aria-pressed=${isHolding.value} title="Show the original while you hold it (C)"
      aria-keyshortcuts="c" onPointerDown=${hold} onKeyDown=${hold} onPointerUp=${release} onPointerCancel=${release} onKeyUp=${release}
      onBlur=${release} onContextMenu=${(event) => event.preventDefault()}>
      <${Icon} name="eye" /> <span>Hold for original</span></button>`;
}

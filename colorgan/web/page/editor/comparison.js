/** The slider below the stage that compares the original (left of it) with the colorized photo (right of it). */

import { computed, html, useRef } from "../vendor/preact.js";
import { moveDivider, position, shownPosition } from "../state/comparison.js";
import { place, stageSize } from "../state/viewport.js";

const STEP = 2; // percent
const LARGE_STEP = 10;
const HALF_HANDLE = 26; // CSS pixels, with the ring of the focus

/** Left and right end of what is to be seen of the photo, on the stage in CSS pixels. */
const ends = computed(() => {
  const { left, width } = place.value;
  return [Math.max(0, left), Math.min(stageSize.value.width, left + width)];
});

/** Where the divider is on the stage, in CSS pixels. */
export const dividerX = computed(() => xOf(shownPosition.value));

function xOf(percent) {
  const [start, end] = ends.value;
  return start + ((end - start) * percent) / 100;
}

export function ComparisonSlider() {
  const rail = useRef();
  const handle = useRef();
  const onPointerDown = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.current.setPointerCapture(event.pointerId);
    handle.current.focus({ preventScroll: true, focusVisible: false });
  };
  const onPointerMove = (event) => {
    if (!handle.current.hasPointerCapture(event.pointerId)) return;
    const [start, end] = ends.value;
    moveDivider((100 * (event.clientX - rail.current.getBoundingClientRect().left - start)) / (end - start));
  };
  const [start, end] = ends.value;
  const x = Math.max(HALF_HANDLE, Math.min(xOf(position.value), stageSize.value.width - HALF_HANDLE));
  const percent = Math.round(position.value);
  return html`
    <div class="comparison" ref=${rail}>
      <div class="rail" style=${{ left: `${start}px`, width: `${end - start}px` }} />
      <div id="comparison-slider" role="slider" tabindex="0" aria-label="Compare original and colorized photo" aria-orientation="horizontal"
        aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent} aria-valuetext="${percent}% original" ref=${handle}
        style=${{ left: `${x}px` }} ...${{ onPointerDown, onPointerMove, onKeyDown }}>
        <svg class="glyph" viewBox="0 0 20 20" aria-hidden="true"><path d="M8 6 4 10l4 4M12 6l4 4-4 4" /></svg>
      </div>
    </div>`;
}

function onKeyDown(event) {
  const step = event.shiftKey ? LARGE_STEP : STEP;
  const from = position.value;
  const targets = {
    ArrowLeft: from - step, ArrowDown: from - step, ArrowRight: from + step, ArrowUp: from + step,
    PageDown: from - LARGE_STEP, PageUp: from + LARGE_STEP, Home: 0, End: 100,
  };
  if (!(event.key in targets)) return;
  event.preventDefault();
  moveDivider(targets[event.key]);
}

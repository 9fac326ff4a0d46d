/** The slider that compares the original (left of it) with the colorized photo (right of it). */

import { html, useLayoutEffect, useRef, useSignal } from "../vendor/preact.js";
import { moveDivider, position } from "../state/comparison.js";

const STEP = 2; // percent
const LARGE_STEP = 10;

export function ComparisonSlider({ stage }) {
  const handle = useRef();
  const width = useSignal(1);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => { width.value = stage.current.clientWidth; });
    observer.observe(stage.current);
    return () => observer.disconnect();
  }, []);
  const margin = (handle.current?.clientWidth ?? 0) / 2 + 3;
  const x = (width.value * position.value) / 100;
  const offset = Math.max(margin - x, 0) - Math.max(x + margin - width.value, 0); // keeps the knob inside the stage

  const onPointerDown = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    handle.current.setPointerCapture(event.pointerId);
    handle.current.focus({ preventScroll: true, focusVisible: false });
  };
  const onPointerMove = (event) => {
    if (!handle.current.hasPointerCapture(event.pointerId)) return;
    const box = stage.current.getBoundingClientRect();
    moveDivider((100 * (event.clientX - box.left)) / box.width);
  };
  const percent = Math.round(position.value);
  return html`
    <div id="comparison-slider" role="slider" tabindex="0" aria-label="Compare original and colorized photo" aria-orientation="horizontal"
      aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent} aria-valuetext="${percent}% original" ref=${handle}
      style=${{ "--knob-offset": `${offset}px` }} onPointerDown=${onPointerDown} onPointerMove=${onPointerMove} onKeyDown=${onKeyDown}>
      <span aria-hidden="true" />
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

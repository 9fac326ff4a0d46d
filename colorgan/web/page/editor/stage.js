/** The stage: the original and the colorized photo at the zoom of the user, with the hints on them and the divider between the two. */

import { html, useEffect, useLayoutEffect, useRef } from "../vendor/preact.js";
import { position, reveal } from "../state/comparison.js";
import { tiles, isSharpening } from "../state/detail.js";
import { altText, colorized, isBusy, isSlow, original, shownState } from "../state/preview.js";
import { tool } from "../state/tools.js";
import { hasMargin, panBy, place, stageSize } from "../state/viewport.js";
import { dividerX } from "./comparison.js";
import { Gestures } from "./gestures.js";
import { HintLayer } from "./hint_layer.js";
import { StageEyedropper } from "./stage_eyedropper.js";

const PAN_STEP = 60; // CSS pixels of an arrow key

export function Stage({ photo }) {
  const stage = useRef();
  const isColorized = colorized.value !== null;
  useLayoutEffect(() => {
    const phone = matchMedia("(max-width: 56rem)");
    const measure = () => {
      hasMargin.value = !phone.matches;
      stageSize.value = { width: stage.current.clientWidth, height: stage.current.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    measure();
    observer.observe(stage.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const gestures = new Gestures(stage.current, photo);
    const onKey = (event) => event.key === "Escape" && gestures.cancel();
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      gestures.close();
    };
  }, [photo]);
  useEffect(() => {
    if (isColorized) reveal();
    else position.value = 100;
  }, [isColorized]);
  const cursor = tool.value;
  return html`
    <div id="stage" data-cursor=${cursor} ref=${stage} aria-busy=${isBusy.value} tabindex="0" role="group"
      aria-label="Photo; when it is zoomed, the arrow keys move it" onKeyDown=${onKeyDown}>
      <${Photo} photo=${photo} />
      <${Divider} />
      <${StageEyedropper} />
      <div class="busy-bar" hidden=${!(isSlow.value || isSharpening.value)}><span /></div>
    </div>`;
}

function onKeyDown(event) {
  const direction = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (direction === undefined || event.target !== event.currentTarget) return;
  event.preventDefault();
  panBy(direction[0] * PAN_STEP, direction[1] * PAN_STEP);
}

function Photo({ photo }) {
  const { left, top, width, height } = place.value;
  const box = { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
  return html`
    <div id="photo" style=${box}>
      <div class="picture">
        <img id="original" alt="${photo.name}, original" draggable=${false} src=${original.value?.src} />
        <${Tiles} photo=${photo} picture="original" />
      </div>
      <div class="picture" style=${{ clipPath: `inset(0 0 0 ${dividerX.value - left}px)` }}>
        <img id="colorized" alt=${colorized.value ? altText(photo) : ""} draggable=${false} src=${colorized.value?.src} />
        <${Tiles} photo=${photo} picture="colorized" />
      </div>
      <${HintLayer} photo=${photo} />
    </div>`;
}

/** The sharp parts. Until a colorized one has come, the original's lightness is laid over the colors of the preview. */
function Tiles({ photo, picture }) {
  const percent = (value, length) => `${(100 * value) / length}%`;
  return tiles.value.map(({ left, top, width, height, original, colorized, state }) => {
    const isColorized = picture === "colorized" && colorized && state === shownState.value;
    const image = isColorized ? colorized : original;
    return image && html`
      <img key="${left} ${top} ${width} ${height}" class="detail ${picture === "colorized" && !isColorized ? "lightness" : ""}" alt=""
        draggable=${false} src=${image.src}
        style=${{
          left: percent(left, photo.width), top: percent(top, photo.height), width: percent(width, photo.width),
          height: percent(height, photo.height),
        }} />`;
  });
}

function Divider() {
  const { value } = position;
  return value > 0 && value < 100 && html`<div class="divider" style=${{ left: `${dividerX.value}px` }} />`;
}

/** The hints on the photo: a thin ring each, with the outline of strokes and areas, and what is being drawn. */

import { html, useLayoutEffect, useRef } from "../vendor/preact.js";
import { anchorOf, kindOf, pointsOf, svgPath } from "../lib/hint_geometry.js";
import { focusWish, moveHint, selectHint } from "../state/hint_actions.js";
import { brush, draft, hover, tool } from "../state/tools.js";

const STEP = 0.004; // of the photo's longer side
const LARGE_STEP = 0.04;

export function HintLayer({ photo }) {
  const layer = useRef();
  const hints = photo.hints.value;
  const { index, number } = focusWish.value;
  useLayoutEffect(() => {
    if (index !== null) layer.current.querySelectorAll(".hint")[index]?.focus({ preventScroll: true });
  }, [number]);
  return html`
    <div id="hint-layer" ref=${layer}>
      <svg class="outlines" viewBox="0 0 ${photo.width} ${photo.height}" preserveAspectRatio="none" aria-hidden="true">
        ${hints.map((hint, index) => html`<${Outline} ...${{ photo, hint, isSelected: photo.selected.value === index }} />`)}
        <${Draft} photo=${photo} />
      </svg>
      ${hints.map((hint, index) => html`<${Marker} key=${index} ...${{ photo, hint, index }} />`)}
    </div>`;
}

/** The line of a stroke, the edge of an area, and how wide the selected hint is. */
function Outline({ photo, hint, isSelected }) {
  const kind = kindOf(hint);
  const radius = hint.radius ?? photo.radius;
  if (kind === "dot") {
    return isSelected && html`<g class="outline selected"><${Lines} shape="circle" cx=${hint.x} cy=${hint.y} r=${radius} /></g>`;
  }
  const d = svgPath(pointsOf(hint), kind === "area");
  return html`
    <g class="outline ${kind} ${isSelected ? "selected" : ""}">
      ${kind === "stroke" && isSelected && html`<path class="band" d=${d} stroke-width=${2 * radius} />`}
      <${Lines} shape="path" d=${d} />
    </g>`;
}

/** A bright line on a dark one, to be seen on every photo. */
function Lines({ shape, ...attributes }) {
  return html`<${shape} class="dark" ...${attributes} /><${shape} class="bright" ...${attributes} />`;
}

/** What is being drawn, and the size of the brush under the mouse. */
function Draft({ photo }) {
  const { color, radius } = brush.value;
  const size = radius ?? photo.radius;
  if (draft.value === null) {
    const [x, y] = hover.value ?? [];
    const isBrush = x !== undefined && ["dot", "stroke"].includes(tool.value);
    return isBrush && html`<g class="outline hovering"><${Lines} shape="circle" cx=${x} cy=${y} r=${size} /></g>`;
  }
  const { kind, points } = draft.value;
  if (kind === "dot") return html`<g class="outline"><${Lines} shape="circle" cx=${points[0][0]} cy=${points[0][1]} r=${size} /></g>`;
  const d = svgPath(points, kind === "area");
  return html`
    <g class="outline ${kind} drawing" style=${{ "--color": color ?? "#ffffff" }}>
      ${kind === "stroke" ? html`<path class="band" d=${d} stroke-width=${2 * size} />` : html`<${Lines} shape="path" d=${d} />`}
    </g>`;
}

/** The ring that selects and moves a hint; editor/gestures.js handles the pointer. */
function Marker({ photo, hint, index }) {
  const [x, y] = anchorOf(hint);
  const kind = kindOf(hint);
  const onKeyDown = (event) => {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const step = Math.max(photo.width, photo.height) * (event.shiftKey ? LARGE_STEP : STEP);
    moveHint(index, hint, direction[0] * step, direction[1] * step);
    photo.commit();
  };
  const select = () => selectHint(index);
  const name = { dot: "Hint", stroke: "Stroke", area: "Area" }[kind];
  return html`
    <button type="button" class="hint ${kind}" data-index=${index} data-x=${x} data-y=${y} aria-pressed=${photo.selected.value === index}
      style=${{ left: `${(100 * x) / photo.width}%`, top: `${(100 * y) / photo.height}%`, "--color": hint.color }}
      aria-label="${name} ${index + 1} of ${photo.hints.value.length}: ${hint.color} at ${Math.round(x)}, ${Math.round(y)}"
      onFocus=${select} onClick=${select} onKeyDown=${onKeyDown} />`;
}

/** What the user does to hints: on the photo, with the panel and with the keyboard. All of it can be undone. */

import { signal } from "../vendor/preact.js";
import { anchorOf, inside, kindOf, moved, simplified } from "../lib/hint_geometry.js";
import { colorAt } from "../lib/images.js";
import { announce, showError } from "./messages.js";
import { current } from "./photos.js";
import { colorized } from "./preview.js";
import { info } from "./server_info.js";
import { brush, changeBrush } from "./tools.js";
import { place, visible } from "./viewport.js";

const TOLERANCE = 0.75; // CSS pixels by which a line may be simplified
const LATE_DOUBLE_CLICK = 700; // milliseconds
const NAMES = { dot: "Dot", stroke: "Stroke", area: "Area" };

/** Index of the hint that should get the focus, or null for the button that adds one; a counter makes each wish a new one. */
export const focusWish = signal({ index: null, number: 0 });

let lastAdded = { photo: null, time: 0 };

export function focusHint(index) {
  focusWish.value = { index, number: focusWish.value.number + 1 };
}

/** The color of the photo as it is shown, at a point in its pixels. */
export function shownColor([x, y]) {
  const { width, height } = current.value;
  return colorAt(colorized.value, x / width, y / height);
}

/** Adds a dot, stroke or area like the brush; a brush without a color takes the one that the photo has there. */
export function addHint(kind, points) {
  const photo = current.value;
  if (!colorized.value) return;
  if (photo.hints.value.length >= info.value.max_hints) {
    showError(new Error(`the page supports at most ${info.value.max_hints} hints`));
    return;
  }
  const mark = markOf(kind, points.map((point) => inside(point, photo)));
  const { color, radius, reach, recolor } = brush.value;
  const spread = kind === "area" ? {} : { radius: radius ?? photo.radius, reach };
  photo.addHint({ ...mark, color: color ?? shownColor(anchorOf(mark)), ...spread, recolor });
  lastAdded = { photo, time: performance.now() };
  focusHint(photo.selected.value);
  announce(`${NAMES[kind]} ${photo.hints.value.length} added${color ? "" : "; choose its color"}`);
}

function markOf(kind, points) {
  const line = simplified(points, TOLERANCE / place.value.scale);
  if (kind === "stroke") return { stroke: line };
  if (kind === "area") return { area: line.length < 3 ? points : line };
  return { x: points[0][0], y: points[0][1] };
}

/** Adds a hint in the middle of what is on the stage: a dot, a short line or a square. */
export function addInCenter(kind) {
  const { left, top, right, bottom } = visible.value;
  const [x, y, size] = [(left + right) / 2, (top + bottom) / 2, Math.min(right - left, bottom - top) / 6];
  const points = {
    dot: [[x, y]], stroke: [[x - size, y], [x + size, y]],
    area: [[x - size, y - size], [x + size, y - size], [x + size, y + size], [x - size, y + size]],
  };
  addHint(kind, points[kind] ?? points.dot);
}

/** Takes back a dot that was added by the first click of a slow double-click. */
export function retractLastDot() {
  const photo = current.value;
  const isLate = performance.now() - lastAdded.time > LATE_DOUBLE_CLICK;
  if (lastAdded.photo !== photo || isLate || photo.hints.value.at(-1)?.x === undefined) return;
  lastAdded = { photo: null, time: 0 };
  photo.selected.value = null;
  photo.retract();
}

/** Selects a hint, or none. */
export function selectHint(index) {
  const photo = current.value;
  photo.selected.value = index;
  const { radius, reach } = photo.hint.value ?? {};
  if (radius) changeBrush({ radius, reach: reach ?? 1 });
}

/** Changes the selected hint and those to come, as one step of the history. */
export function choose(change) {
  tryOut(change);
  current.value.commit();
}

/** Changes the selected hint and those to come without adding a step to the history, for instance while a slider moves. */
export function tryOut(change) {
  changeBrush(change);
  current.value.changeHint(current.value.selected.value, change);
}

/** Changes the selected hint alone, as one step of the history. */
export function correct(change) {
  current.value.changeHint(current.value.selected.value, change);
  current.value.commit();
}

/** Moves a hint as it was by pixels of the photo, without adding a step to the history. */
export function moveHint(index, hint, dx, dy) {
  current.value.changeHint(index, moved(hint, dx, dy, current.value));
}

export function deleteHint(index) {
  const photo = current.value;
  const name = NAMES[kindOf(photo.hints.value[index])];
  photo.removeHint(index);
  focusHint(photo.selected.value);
  announce(`${name} ${index + 1} deleted`);
}

export function removeHints() {
  current.value.replaceHints([]);
  announce("All hints removed");
}

export function undo() {
  if (current.value.undo()) announce("Undone");
}

export function redo() {
  if (current.value.redo()) announce("Redone");
}

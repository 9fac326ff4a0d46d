/** What the user does to hints: on the photo, with the panel and with the keyboard. All of it can be undone. */

import { signal } from "../vendor/preact.js";
import { upload } from "../api.js";
import { saveBlob } from "../lib/download.js";
import { colorAt } from "../lib/images.js";
import { pluralize, stem } from "../lib/text.js";
import { announce, clearError, showError } from "./messages.js";
import { current } from "./photos.js";
import { colorized } from "./preview.js";
import { info } from "./server_info.js";
import { brush, changeBrush } from "./tools.js";

/** Index of the hint that should get the focus, and a counter that makes each wish a new one. */
export const focusWish = signal({ index: null, number: 0 });

export function focusHint(index) {
  focusWish.value = { index, number: focusWish.value.number + 1 };
}

/** The color of the photo as it is shown, at a position in its pixels. */
export function shownColor(x, y) {
  const { width, height } = current.value;
  return colorAt(colorized.value, x / width, y / height);
}

/** Adds a dot like the brush; a brush without a color takes the one that the photo has there. */
export function addDot(x, y) {
  const photo = current.value;
  if (!info.value.takes_hints || !colorized.value) return;
  if (photo.hints.value.length >= info.value.max_hints) {
    showError(new Error(`the page supports at most ${info.value.max_hints} hints`));
    return;
  }
  const { color, radius } = brush.value;
  photo.addHint({ x, y, color: color ?? shownColor(x, y), radius: radius ?? photo.radius });
  focusHint(photo.selected.value);
  announce(`Hint ${photo.hints.value.length} added; choose its color`);
}

export function selectHint(index) {
  const photo = current.value;
  photo.selected.value = index;
  changeBrush({ radius: photo.hint.value.radius });
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

export function deleteHint(index) {
  const photo = current.value;
  photo.removeHint(index);
  focusHint(photo.selected.value);
  announce(`Hint ${index + 1} deleted`);
}

export function removeHints() {
  current.value.replaceHints([]);
  announce("All hints removed");
}

export function saveHints() {
  const text = JSON.stringify({ hints: current.value.hints.value }, null, 2);
  saveBlob(new Blob([`${text}\n`], { type: "application/json" }), `${stem(current.value.name)}-hints.json`);
}

/** Replaces the hints by those of a file. */
export async function loadHints(file) {
  const photo = current.value;
  try {
    const { hints } = await (await upload("api/hints", file, file.name)).json();
    const outside = hints.findIndex(({ x, y }) => x >= photo.width || y >= photo.height);
    if (outside >= 0) throw new Error(`hints file ${file.name}: hint ${outside + 1} lies outside this photo; choose the hints file made for it`);
    clearError();
    photo.replaceHints(hints);
    announce(`${pluralize(hints.length, "hint")} loaded`);
  } catch (error) {
    showError(error);
  }
}

export function undo() {
  if (current.value.undo()) announce("Undone");
}

export function redo() {
  if (current.value.redo()) announce("Redone");
}

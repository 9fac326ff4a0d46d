/** Hints as a file: `hints.json`, as the command line and Python read it. */

import { upload } from "../api.js";
import { saveBlob } from "../lib/download.js";
import { boundsOf } from "../lib/hint_geometry.js";
import { pluralize, stem } from "../lib/text.js";
import { announce, clearError, showError } from "./messages.js";
import { current } from "./photos.js";

export function saveHints() {
  const text = JSON.stringify({ hints: current.value.hints.value }, null, 2);
  saveBlob(new Blob([`${text}\n`], { type: "application/json" }), `${stem(current.value.name)}-hints.json`);
}

/** Replaces the hints by those of a file. */
export async function loadHints(file) {
  const photo = current.value;
  try {
    const { hints } = await (await upload("api/hints", file, file.name)).json();
    const outside = hints.findIndex((hint) => isOutside(hint, photo));
    if (outside >= 0) throw new Error(`hints file ${file.name}: hint ${outside + 1} lies outside this photo; choose the hints file made for it`);
    clearError();
    photo.replaceHints(hints);
    announce(`${pluralize(hints.length, "hint")} loaded`);
  } catch (error) {
    showError(error);
  }
}

/** A dot needs a pixel under it; strokes and areas may end on the edge. */
function isOutside(hint, { width, height }) {
  const [, , right, bottom] = boundsOf(hint);
  return hint.x === undefined ? right > width || bottom > height : right >= width || bottom >= height;
}

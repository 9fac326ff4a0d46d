/** Colors that the model suggests for the selected hint: only those that differ visibly from each other and from what is there. */

import { effect, signal, untracked } from "../vendor/preact.js";
import { postJSON } from "../api.js";
import { anchorOf, inside } from "../lib/hint_geometry.js";
import { atLightness, difference, toLab } from "../lib/lab.js";
import { LatestTask } from "../lib/latest_task.js";
import { showError } from "./messages.js";
import { current, withPhoto } from "./photos.js";

const MIN_DIFFERENCE = 4; // CIEDE2000; less is hard to see between two swatches

/** List of { color, reason }. */
export const suggestions = signal([]);
export const isLoading = signal(false);

const task = new LatestTask(load);

effect(() => {
  const photo = current.value;
  const hint = photo?.hint.value;
  if (!hint) return;
  const [x, y] = inside(anchorOf(hint), photo);
  untracked(() => requestSuggestions(photo, { x, y, radius: hint.radius ?? photo.radius }, hint.color));
});

let latest = null;

/** Requests suggestions for a spot; `there` is the color of the hint when it came there or was selected, and is not suggested. */
function requestSuggestions(photo, spot, there) {
  const key = JSON.stringify(spot);
  if (latest?.photo === photo && latest.key === key) return;
  latest = { photo, key, there };
  isLoading.value = true;
  task.call(photo, spot, key);
}

async function load(photo, spot, key) {
  if (photo !== current.value) return;
  try {
    const response = await withPhoto(photo, (url) => postJSON(`${url}/suggestions`, spot));
    const answer = await response.json();
    if (latest.photo !== photo || latest.key !== key) return;
    suggestions.value = visiblyDifferent(answer.suggestions, latest.there);
    isLoading.value = false;
  } catch (error) {
    latest = null;
    showError(error);
  }
}

function visiblyDifferent(candidates, there) {
  const kept = [];
  for (const candidate of candidates) {
    const [lightness] = toLab(candidate.color); // of the photo at this spot
    const others = [atLightness(there, lightness), ...kept.map(({ color }) => color)];
    if (others.every((other) => difference(other, candidate.color) >= MIN_DIFFERENCE)) kept.push(candidate);
  }
  return kept;
}

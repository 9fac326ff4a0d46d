/** Colors that the model suggests for the selected hint. */

import { effect, signal, untracked } from "../vendor/preact.js";
import { postJSON } from "../api.js";
import { anchorOf, inside } from "../lib/hint_geometry.js";
import { LatestTask } from "../lib/latest_task.js";
import { showError } from "./messages.js";
import { current, withPhoto } from "./photos.js";

/** List of { color, reason }. */
export const suggestions = signal([]);
export const isLoading = signal(false);

const task = new LatestTask(load);

effect(() => {
  const photo = current.value;
  const hint = photo?.hint.value;
  if (!hint) return;
  const [x, y] = inside(anchorOf(hint), photo);
  untracked(() => requestSuggestions(photo, { x, y, radius: hint.radius ?? photo.radius }));
});

let latest = null;

function requestSuggestions(photo, spot) {
  const key = JSON.stringify(spot);
  if (latest?.photo === photo && latest.key === key) return;
  latest = { photo, key };
  isLoading.value = true;
  task.call(photo, spot, key);
}

async function load(photo, spot, key) {
  if (photo !== current.value) return;
  try {
    const response = await withPhoto(photo, (url) => postJSON(`${url}/suggestions`, spot));
    const answer = await response.json();
    if (latest.photo !== photo || latest.key !== key) return;
    suggestions.value = answer.suggestions;
    isLoading.value = false;
  } catch (error) {
    latest = null;
    showError(error);
  }
}

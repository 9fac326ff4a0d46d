/** What the photo can show of the selected hint's color: a place may be too light or too dark for it. */

import { effect, signal, untracked } from "../vendor/preact.js";
import { postJSON } from "../api.js";
import { anchorOf, inside } from "../lib/hint_geometry.js";
import { LatestTask } from "../lib/latest_task.js";
import { current, withPhoto } from "./photos.js";

const DELAY = 150; // milliseconds; a slider or a drag is then at rest

/** { lightness, shown, exact, nearest } of the selected hint, or null. */
export const shownColorOf = signal(null);

const task = new LatestTask(load);
let timer = null;

effect(() => {
  const photo = current.value;
  const hint = photo?.hint.value;
  untracked(() => {
    clearTimeout(timer);
    task.cancel();
    if (!hint) {
      shownColorOf.value = null;
      return;
    }
    const [x, y] = inside(anchorOf(hint), photo);
    timer = setTimeout(() => task.call(photo, hint, { x, y, radius: hint.radius ?? photo.radius, color: hint.color }), DELAY);
  });
});

async function load(photo, hint, spot) {
  if (photo !== current.value || hint !== photo.hint.value) return;
  try {
    const answer = await (await withPhoto(photo, (url) => postJSON(`${url}/shown`, spot))).json();
    if (hint === photo.hint.value) shownColorOf.value = answer;
  } catch {
    shownColorOf.value = null; // advice only; other requests tell about a failure
  }
}

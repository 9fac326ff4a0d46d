/** The pictures of the open photo: the original, and the colorized preview that follows its hints and settings. */

import { batch, effect, signal, untracked } from "../vendor/preact.js";
import { request } from "../api.js";
import { decoded } from "../lib/images.js";
import { LatestTask } from "../lib/latest_task.js";
import { pluralize } from "../lib/text.js";
import { announce, clearError, showError } from "./messages.js";
import { current, withPhoto } from "./photos.js";
import { postColorization } from "./references.js";

const BUSY_DELAY = 250; // milliseconds before the progress bar is shown

/** Decoded images, or null. */
export const original = signal(null);
export const colorized = signal(null);

/** Hints and settings of the colorized preview, as JSON, or null. */
export const shownState = signal(null);

/** Whether a newer preview is on its way, and whether that takes long enough to be shown. */
export const isBusy = signal(false);
export const isSlow = signal(false);

const task = new LatestTask(load);

effect(() => {
  const photo = current.value;
  untracked(() => {
    replace(original, null);
    replace(colorized, null);
    shownState.value = null;
    if (photo === null) task.cancel();
    else loadOriginal(photo);
  });
});

effect(() => {
  const photo = current.value;
  if (photo === null) return;
  const state = { hints: photo.hints.value, ...(photo.settings.value && photo.changedSettings) };
  untracked(() => updatePreview(photo, state));
});

async function loadOriginal(photo) {
  try {
    const response = await withPhoto(photo, (url) => request(`${url}/original`));
    const image = await decoded(await response.blob());
    if (photo === current.value) replace(original, image);
  } catch (error) {
    showError(error);
  }
}

async function updatePreview(photo, state) {
  isBusy.value = true;
  await task.call(photo, state);
  isBusy.value = false;
}

async function load(photo, state) {
  if (photo !== current.value) return;
  const timer = setTimeout(() => { isSlow.value = true; }, BUSY_DELAY);
  try {
    const response = await postColorization(photo, "colorized", state);
    const image = await decoded(await response.blob());
    if (photo !== current.value) return;
    const count = state.hints.length;
    batch(() => {
      shownState.value = JSON.stringify(state);
      replace(colorized, image);
    });
    clearError();
    announce(count > 0 ? "Colorized with your hints" : "Colorized");
  } catch (error) {
    showError(error);
  } finally {
    clearTimeout(timer);
    isSlow.value = false;
  }
}

/** Shows another image. The previous one is released later: it may still be on the screen. */
function replace(image, next) {
  const previous = image.value;
  image.value = next;
  if (previous) setTimeout(() => URL.revokeObjectURL(previous.src), 1000);
}

/** What the colorized preview shows, in words. */
export function altText(photo) {
  const count = JSON.parse(shownState.value)?.hints.length ?? 0;
  return `${photo.name}, colorized${count > 0 ? ` with ${pluralize(count, "hint")}` : ""}`;
}

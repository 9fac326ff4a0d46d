/** Many photos: uploaded one by one and colorized into an archive, with a list of failures. */

import { batch, signal } from "../vendor/preact.js";
import { postJSON, upload } from "../api.js";
import { pluralize, toSentence } from "../lib/text.js";
import { announce, clearError, showError } from "./messages.js";
import { checkSize, info } from "./server_info.js";

/** { file, path } of each photo, and the number of files that are not photos. */
export const photos = signal([]);
export const numSkipped = signal(0);

/** "ready", "running" or "done". */
export const stage = signal("ready");
export const numDone = signal(0);
export const numColorized = signal(0);
export const currentPath = signal("");
export const failures = signal([]);
export const archiveURL = signal("");

let abort = null;

/** Shows the selected photos. In a folder, hidden files and files with other extensions are skipped. */
export function openAlbum(files, isFolder) {
  closeAlbum();
  const isHidden = ({ path }) => path.split("/").some((part) => part.startsWith("."));
  const isPhoto = ({ path }) => info.value.extensions.some((extension) => path.toLowerCase().endsWith(extension));
  const chosen = files.filter((entry) => !isFolder || (!isHidden(entry) && isPhoto(entry)));
  if (chosen.length === 0) throw new Error("this folder contains no photos");
  chosen.sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
  batch(() => {
    photos.value = chosen;
    numSkipped.value = files.length - chosen.length;
    stage.value = "ready";
  });
}

/** Stops uploading; what is colorized so far can be downloaded. */
export function stopAlbum() {
  abort?.abort();
}

export function closeAlbum() {
  stopAlbum();
  abort = null;
}

/** Colorizes the photos into an archive; options are strength, format and metadata. */
export async function colorizeAlbum(options) {
  const thisJob = new AbortController();
  abort = thisJob;
  batch(() => {
    stage.value = "running";
    numDone.value = numColorized.value = 0;
    failures.value = [];
    archiveURL.value = "";
  });
  try {
    const { key } = await (await postJSON("api/albums", options)).json();
    clearError();
    for (const { file, path } of photos.value) {
      showProgress(path);
      const isColorized = await add(key, file, path, thisJob.signal);
      if (isColorized) archiveURL.value = `api/albums/${key}/archive`;
      numColorized.value += isColorized;
      numDone.value += 1;
    }
  } catch (error) {
    if (error.name !== "AbortError") showError(error);
  }
  if (abort !== thisJob) return;
  stage.value = "done";
  announce(summary());
}

/** Adds a photo to the archive; returns 1 on success, 0 if it is listed as a failure. */
async function add(key, file, path, signal) {
  try {
    checkSize(file, path);
    await upload(`api/albums/${key}/photos`, file, path, { signal });
    return 1;
  } catch (error) {
    if (![408, 413, 422].includes(error.status)) throw error;
    failures.value = [...failures.value, toSentence(error.message)];
    return 0;
  }
}

function showProgress(path) {
  currentPath.value = path;
  if (numDone.value % 10 === 0) announce(`${numDone.value} of ${pluralize(photos.value.length, "photo")} done`);
}

export function summary() {
  return `${numColorized.value} of ${pluralize(photos.value.length, "photo")} colorized`;
}

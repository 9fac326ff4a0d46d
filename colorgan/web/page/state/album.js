/** The open album: its photos are colored one by one, first as thumbnails. */

import { batch, computed, signal } from "../vendor/preact.js";
import { thumbnailOfFile } from "../lib/thumbnail.js";
import { pluralize, toSentence } from "../lib/text.js";
import { photosOf } from "./library.js";
import { announce, showError } from "./messages.js";
import { current, forgetUpload } from "./photos.js";
import { postColorization } from "./references.js";
import { checkSize } from "./server_info.js";

/** An album of the library, or null. */
export const album = signal(null);

/** Its photos. */
export const albumPhotos = computed(() => (album.value === null ? [] : photosOf(album.value.id)));

/** Whether photos are being colored. */
export const isRunning = signal(false);

export const numDone = computed(() => count("done"));
export const numFailed = computed(() => count("failed"));
export const numWaiting = computed(() => count("waiting") + count("running"));

const count = (stage) => albumPhotos.value.filter((photo) => photo.stage.value === stage).length;

/** Statuses of the server that concern one photo; the others concern all. */
const STATUSES_OF_PHOTO = [408, 413, 422];

const PROGRESS_INTERVAL = 10; // photos between two announcements

let abort = null;

/** Opens an album and goes on coloring it. */
export function openAlbum(opened) {
  if (album.value !== opened) {
    closeAlbum();
    album.value = opened;
    showInGray();
  }
  colorAlbum();
}

/** Closes the album; what is colored stays. */
export function closeAlbum() {
  stopAlbum();
  album.value = null;
}

export function stopAlbum() {
  abort?.abort();
  abort = null;
  isRunning.value = false;
}

/** Colors the photos that wait, one after the other. */
export async function colorAlbum() {
  if (isRunning.value || nextPhoto() === undefined) return;
  const { signal } = (abort = new AbortController());
  isRunning.value = true;
  try {
    for (let photo = nextPhoto(); photo !== undefined; photo = nextPhoto()) {
      await color(photo, signal);
      if (signal.aborted) return;
      if (numDone.value % PROGRESS_INTERVAL === 0) announce(`${numDone.value} of ${pluralize(albumPhotos.value.length, "photo")} colorized`);
    }
    announce(summary());
  } catch (error) {
    if (error.name !== "AbortError") showError(error);
  }
  if (!signal.aborted) stopAlbum();
}

const nextPhoto = () => albumPhotos.value.find(({ stage }) => stage.value === "waiting");

/** Colors the thumbnail of one photo. */
async function color(photo, signal) {
  photo.stage.value = "running";
  try {
    checkSize(await photo.loadFile(), photo.name);
    const state = JSON.parse(photo.work);
    const response = await postColorization(photo, "colorized", state, { signal });
    await photo.setThumbnail(await thumbnailOfFile(await response.blob()));
    photo.stage.value = "done";
    photo.save();
  } catch (error) {
    const isOwn = STATUSES_OF_PHOTO.includes(error.status) || error.status === undefined;
    if (!isOwn || error.name === "AbortError") {
      photo.stage.value = "waiting";
      throw error;
    }
    fail(photo, error);
  } finally {
    if (photo !== current.value) forgetUpload(photo);
  }
}

/** Notes why a photo cannot be colorized. */
export function fail(photo, error) {
  batch(() => {
    photo.stage.value = "failed";
    photo.problem.value = toSentence(error.message);
  });
}

/** Shows gray thumbnails of the photos that have none yet, as far as the browser can decode them. */
async function showInGray() {
  const shown = album.value;
  for (const photo of albumPhotos.value) {
    await photo.loadThumbnail();
    if (album.value !== shown) return;
    if (["done", "failed"].includes(photo.stage.value) || photo.thumbnail.value !== "") continue;
    const blob = await photo.loadFile().then((file) => thumbnailOfFile(file, true)).catch(() => null);
    if (blob && photo.thumbnail.value === "") await photo.setThumbnail(blob);
  }
}

/** Changes a setting of photos, and colors them again. */
export function changeSettings(changed, settings) {
  batch(() => {
    for (const photo of changed) {
      photo.change({ settings });
      photo.commit();
      photo.changed.value = Date.now();
      photo.save();
      if (photo.stage.value === "done") photo.stage.value = "waiting";
    }
  });
  colorAlbum();
}

export function summary() {
  const failed = numFailed.value > 0 ? `, ${numFailed.value} not` : "";
  return `${numDone.value} of ${pluralize(albumPhotos.value.length, "photo")} colorized${failed}`;
}

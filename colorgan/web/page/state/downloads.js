/** Downloads at full size: one photo, or several as an archive. */

import { signal } from "../vendor/preact.js";
import { postJSON, upload } from "../api.js";
import { fileName, saveBlob, saveLink } from "../lib/download.js";
import { fail } from "./album.js";
import { noteDownload } from "./library.js";
import { announce, clearError, showError } from "./messages.js";
import { current, forgetUpload, withPhoto } from "./photos.js";
import { postColorization, withReference } from "./references.js";
import { checkSize } from "./server_info.js";

/** What is being made: { photo } or { numDone, total, abort }, or null. */
export const making = signal(null);

/** Downloads a photo; options are its format and whether its metadata is kept. */
export async function downloadPhoto(photo, options) {
  await make({ photo }, "Colorizing at full size", async () => {
    const { work } = photo;
    const response = await postColorization(photo, "download", { ...JSON.parse(work), ...options });
    saveBlob(await response.blob(), fileName(response, "colorized.png"));
    noteDownload(photo, work);
    announce("Downloaded");
  });
  if (photo !== current.value) forgetUpload(photo);
}

/** Downloads photos of an album as an archive with the folders of the album; photos that cannot be colorized are listed in it. */
export async function downloadArchive(photos, options) {
  const abort = new AbortController();
  const total = photos.length;
  await make({ numDone: 0, total, abort }, "Colorizing at full size", async () => {
    const { signal } = abort;
    const { key } = await (await postJSON("api/albums", options, { signal })).json();
    const added = [];
    for (const [index, photo] of photos.entries()) {
      making.value = { numDone: index, total, abort };
      const { work } = photo;
      if (await addToArchive(`api/albums/${key}/photos`, photo, signal)) added.push({ photo, work });
    }
    if (added.length === 0) throw new Error("none of these photos could be colorized, so there is no archive");
    saveLink(`api/albums/${key}/archive`);
    for (const { photo, work } of added) noteDownload(photo, work);
    announce("Downloaded");
  });
}

/** Adds a photo; returns whether that worked, or notes at the photo why not. */
async function addToArchive(url, photo, signal) {
  try {
    const file = await photo.loadFile();
    checkSize(file, photo.name);
    if (photo.isEdited) {
      const post = (data) => withPhoto(photo, () => postJSON(url, { photo: photo.key, path: photo.name, ...data }, { signal }), { signal });
      await withReference(JSON.parse(photo.work), post);
    } else {
      await upload(url, file, photo.name, { signal });
    }
    return true;
  } catch (error) {
    if (![undefined, 408, 413, 422].includes(error.status) || error.name === "AbortError") throw error;
    fail(photo, error);
    return false;
  } finally {
    if (photo !== current.value) forgetUpload(photo);
  }
}

async function make(description, message, run) {
  making.value = description;
  announce(message);
  try {
    await run();
    clearError();
  } catch (error) {
    if (error.name !== "AbortError") showError(error);
  } finally {
    making.value = null;
  }
}

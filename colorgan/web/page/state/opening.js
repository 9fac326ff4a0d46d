/**
 * Opens photos and albums: those that the user chooses, drops or pastes, and those that the browser has kept.
 *
 * The address says what is open (#photo/ID or #album/ID), so that reload, back and forward work as everywhere.
 */

import { batch } from "../vendor/preact.js";
import { pluralize, stem } from "../lib/text.js";
import { closeAlbum, openAlbum } from "./album.js";
import { KeptPhoto } from "./kept_photo.js";
import { findAlbum, findPhoto, keepAlbum, keepPhoto } from "./library.js";
import { announce, clearError, showError } from "./messages.js";
import { current, ensureUploaded, setCurrent } from "./photos.js";
import { ask } from "./questions.js";
import { checkSize, info } from "./server_info.js";
import { uploading, view } from "./view.js";

/** Opens a list of { file, path }: one photo in the editor, several or a folder as an album. */
export async function openFiles(files, isFolder) {
  if (files.length === 0 && !isFolder) return;
  try {
    if (files.length === 1 && !isFolder) {
      checkSize(files[0].file);
      const photo = new KeptPhoto(files[0].file, { name: files[0].file.name });
      if (!(await uploadVisibly(photo))) return;
      keepPhoto(photo);
      showPhoto(photo);
    } else {
      const chosen = photosAmong(files, isFolder);
      clearError();
      showAlbum(keepAlbum(albumName(chosen, isFolder), chosen, files.length - chosen.length));
    }
  } catch (error) {
    showError(error);
  }
}

/** Opens a photo that the browser has kept. */
export async function openPhoto(photo) {
  try {
    if (await uploadVisibly(photo)) showPhoto(photo);
  } catch (error) {
    showError(error);
  }
}

/** Opens an album that the browser has kept. */
export function reopenAlbum(album) {
  clearError();
  showAlbum(album);
}

/** Goes back to the empty page; asks first if there are hints or settings that were not downloaded. */
export async function startOver() {
  const photo = current.value;
  if (view.value === "editor" && photo.isUnsaved) {
    const isSure = await ask({
      title: "Leave this photo?",
      text: photo.isStored
        ? `You have not downloaded ${photo.name} as it is now. It stays among your recent photos, with its hints and settings.`
        : `You have not downloaded ${photo.name} as it is now. This browser does not keep it after the page is closed.`,
      yes: "Leave", no: "Stay",
    });
    if (!isSure) return;
  }
  go("");
  showStart();
}

/** Goes back from a photo to its album. */
export function returnToAlbum() {
  const album = findAlbum(current.value.albumId);
  if (album) showAlbum(album);
}

/** Shows what the address names: at the start, and after the user went back or forward. */
export async function showAddress() {
  const [, kind, id] = /^#(photo|album)\/(.+)$/.exec(location.hash) ?? [];
  const photo = kind === "photo" && findPhoto(id);
  const album = kind === "album" && findAlbum(id);
  if (photo) await openPhoto(photo);
  else if (album) showAlbum(album);
  else showStart();
  if (kind && !photo && !album) showError(new Error("this photo is not kept in this browser; choose it again"));
}

function showStart() {
  batch(() => {
    view.value = "start";
    setCurrent(null);
    closeAlbum();
  });
}

function showPhoto(photo) {
  go(`#photo/${photo.id}`);
  clearError();
  batch(() => {
    if (photo.albumId === null) closeAlbum();
    setCurrent(photo);
    view.value = "editor";
  });
}

function showAlbum(album) {
  go(`#album/${album.id}`);
  batch(() => {
    view.value = "album";
    setCurrent(null);
    openAlbum(album);
  });
}

/** Changes the address without loading it. */
function go(hash) {
  if (location.hash !== hash) history.pushState(null, "", hash || location.pathname + location.search);
}

/** Uploads a photo and shows the progress; returns whether the user has let it finish. */
async function uploadVisibly(photo) {
  if (photo.key) return true;
  uploading.value?.abort.abort();
  const abort = new AbortController();
  const show = (fraction) => {
    if (!abort.signal.aborted) uploading.value = { name: photo.name, fraction, abort };
  };
  show(0);
  announce("Uploading the photo");
  try {
    await ensureUploaded(photo, { signal: abort.signal, onProgress: show });
    return !abort.signal.aborted;
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    return false;
  } finally {
    if (uploading.value?.abort === abort) uploading.value = null;
  }
}

/** The photos among files, in their natural order. In a folder, hidden files and files with other extensions are none. */
function photosAmong(files, isFolder) {
  const isHidden = ({ path }) => path.split("/").some((part) => part.startsWith("."));
  const isPhoto = ({ path }) => info.value.extensions.some((extension) => path.toLowerCase().endsWith(extension));
  const chosen = files.filter((entry) => !isFolder || (!isHidden(entry) && isPhoto(entry)));
  if (chosen.length === 0) throw new Error("this folder contains no photos");
  return chosen.sort((a, b) => a.path.localeCompare(b.path, undefined, { numeric: true }));
}

function albumName(files, isFolder) {
  const [folder] = files[0].path.split("/");
  const isOneFolder = isFolder && files.every(({ path }) => path.startsWith(`${folder}/`));
  return isOneFolder ? folder : `${stem(files[0].path)} and ${pluralize(files.length - 1, "other")}`;
}

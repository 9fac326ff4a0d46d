/** The photos and albums that the browser keeps, until the user removes them. */

import { batch, computed, effect, signal, untracked } from "../vendor/preact.js";
import * as database from "../lib/database.js";
import { LatestTask } from "../lib/latest_task.js";
import { thumbnailOf } from "../lib/thumbnail.js";
import { KeptPhoto, newId } from "./kept_photo.js";
import { current } from "./photos.js";
import { colorized } from "./preview.js";
import { info } from "./server_info.js";
import { storing, tell } from "./storage.js";

/** List of KeptPhoto. */
export const photos = signal([]);
/** List of { id, name, created, numSkipped }; the last is the number of files that are no photos. */
export const albums = signal([]);

/** Photos without album, and albums with their photos, the latest first: lists of { photo } or { album, photos }. */
export const recent = computed(() => {
  const entries = [
    ...photos.value.filter(({ albumId }) => albumId === null).map((photo) => ({ photo, changed: photo.changed.value })),
    ...albums.value.map((album) => {
      const members = photosOf(album.id);
      return { album, photos: members, changed: Math.max(album.created, ...members.map(({ changed }) => changed.value)) };
    }),
  ];
  return entries.sort((one, other) => other.changed - one.changed);
});

/** Reads what was kept by earlier visits. */
export async function loadLibrary() {
  try {
    const [albumRecords, photoRecords] = await Promise.all([database.getAll("albums"), database.getAll("photos")]);
    batch(() => {
      albums.value = albumRecords;
      photos.value = photoRecords.map((record) => new KeptPhoto(null, { ...record, settings: fitting(record.settings) }));
    });
  } catch (error) {
    tell(error, "your work");
  }
}

/** Settings without a mix for other models than those of the server. */
function fitting({ mix = null, ...settings }) {
  return mix?.length === info.value.models.length ? { mix, ...settings } : settings;
}

export const findPhoto = (id) => photos.value.find((photo) => photo.id === id);
export const findAlbum = (id) => albums.value.find((album) => album.id === id);

/** Photos of an album, in its order. */
export function photosOf(albumId) {
  return photos.value.filter((photo) => photo.albumId === albumId).sort((one, other) => one.order - other.order);
}

/** Keeps a photo without album. */
export function keepPhoto(photo) {
  photos.value = [...photos.value, photo];
  photo.storeFile();
}

/** Keeps an album of { file, path }, and returns it. The files are stored one after the other. */
export function keepAlbum(name, files, numSkipped) {
  const album = { id: newId(), name, created: Date.now(), numSkipped };
  const added = files.map(({ file, path }, order) => new KeptPhoto(file, { name: path, albumId: album.id, order }));
  batch(() => {
    albums.value = [...albums.value, album];
    photos.value = [...photos.value, ...added];
  });
  storeAlbum(album, added);
  return album;
}

async function storeAlbum(album, added) {
  if (!(await storing(album.name, () => database.put("albums", album.id, album)))) return;
  for (const photo of added) {
    if (findPhoto(photo.id) === undefined) continue; // removed in the meantime
    await photo.storeFile();
    if (!photo.isStored) return; // the storage is full
  }
}

export async function removePhoto(photo) {
  photos.value = photos.value.filter((other) => other !== photo);
  await forget([photo], []);
}

export async function removeAlbum(album) {
  const removed = photosOf(album.id);
  batch(() => {
    albums.value = albums.value.filter((other) => other !== album);
    photos.value = photos.value.filter((photo) => photo.albumId !== album.id);
  });
  await forget(removed, [["albums", album.id]]);
}

/** Removes all that belongs to photos in one step, so that a reload cannot leave a part of them behind. */
async function forget(removed, changes) {
  const references = removed.map(({ settings }) => settings.value.reference).filter((id) => id !== null && !isUsed(id));
  const all = [...changes, ...removed.flatMap((photo) => photo.forget()), ...references.map((id) => ["references", id])];
  await storing("your work", () => database.change(all));
  await forgetReferences();
}

const isUsed = (id) => photos.value.some(({ settings }) => settings.value.reference === id);

/** Removes references that belong to no photo (any more). */
async function forgetReferences() {
  await storing("your work", async () => {
    const ids = (await database.getAll("references")).map(({ id }) => id);
    await database.change(ids.filter((id) => !isUsed(id)).map((id) => ["references", id]));
  });
}

/** Notes that a photo was downloaded with its hints and settings as they were then, in JSON. */
export function noteDownload(photo, work) {
  photo.downloaded.value = work;
  photo.save();
}

/** Whether something would be lost when the page is closed. */
export function wouldLoseWork() {
  return photos.value.some((photo) => !photo.isStored && photo.isUnsaved);
}

let latest = null; // the open photo and its state, as JSON

effect(() => {
  const photo = current.value;
  const work = photo?.work;
  untracked(() => {
    if (photo && latest?.photo === photo && latest.work !== work) {
      photo.changed.value = Date.now();
      photo.save();
    }
    latest = { photo, work };
  });
});

const thumbnailTask = new LatestTask(async (photo, image) => {
  const blob = await thumbnailOf(image);
  photo.stage.value = "done";
  await photo.setThumbnail(blob);
  await photo.save();
});

effect(() => {
  const image = colorized.value;
  if (image !== null) untracked(() => thumbnailTask.call(current.value, image));
});

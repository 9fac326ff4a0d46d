/**
 * Reference photos, whose palette the open photo takes.
 *
 * The settings of a photo name a reference by an id of the page: the key of its upload changes when the server has forgotten it.
 */

import { signal } from "../vendor/preact.js";
import { postJSON, request } from "../api.js";
import * as database from "../lib/database.js";
import { decoded, meanChroma } from "../lib/images.js";
import { announce, clearError, showError } from "./messages.js";
import { current, forgetUpload, withPhoto } from "./photos.js";
import { storing } from "./storage.js";

const MIN_CHROMA = 2; // on average; the server refuses references with less

/** List of { id, name, file, key, image, colors }, the latest first; the image is a decoded one, the colors are #rrggbb. */
export const references = signal([]);

/** Name of the reference that is being loaded, or "". */
export const loadingReference = signal("");

/** { photo, reference } that were together last. The reference stays beside the photo when it does not take its palette for a while. */
const latest = signal({ photo: null, reference: null });

export const findReference = (id) => references.value.find((reference) => reference.id === id) ?? null;

/** The reference beside a photo, or null. */
export function referenceOf(photo) {
  const taken = findReference(photo.settings.value.reference);
  return taken ?? (latest.value.photo === photo ? latest.value.reference : null);
}

/** Gives a photo the palette of a reference: { id, name, loadFile }, with a function that loads the file unless the id is known. */
export async function takeReference(photo, { id, name, loadFile }) {
  loadingReference.value = name;
  try {
    const reference = findReference(id) ?? (await load({ id, name, file: await loadFile(), key: null }));
    await keep(reference);
    latest.value = { photo, reference };
    setReference(photo, id);
    clearError();
    announce(`The photo takes the colors of ${name}`);
  } catch (error) {
    showError(error);
  } finally {
    loadingReference.value = "";
  }
}

/** Whether a photo takes the palette of the reference beside it. */
export function usePalette(photo, isUsed) {
  const reference = referenceOf(photo);
  latest.value = { photo, reference };
  setReference(photo, isUsed ? reference.id : null);
}

export function removeReference(photo) {
  latest.value = { photo: null, reference: null };
  setReference(photo, null);
  announce("Reference photo removed");
}

function setReference(photo, id) {
  photo.change({ settings: { reference: id } });
  photo.commit();
}

/** Posts hints, settings and more about a photo; options are those of `request`. */
export function postColorization(photo, path, data, options = {}) {
  return withReference(data, (sent) => withPhoto(photo, (url) => postJSON(`${url}/${path}`, sent, options), options));
}

/** A photo as it is colored here, at the size of a preview. */
export async function loadColorized(photo) {
  try {
    return await (await postColorization(photo, "colorized", JSON.parse(photo.work))).blob();
  } finally {
    if (photo !== current.value) forgetUpload(photo);
  }
}

/** Sends settings with the key of their reference. If the server does not have the reference (any more), it is uploaded. */
export async function withReference(data, send) {
  if (!data.reference) return send(data);
  const reference = findReference(data.reference) ?? (await restored(data.reference));
  return withPhoto(reference, () => send({ ...data, reference: reference.key }), { role: "reference" });
}

const restoring = new Map(); // promises by id

/** A reference of an earlier visit. */
function restored(id) {
  if (!restoring.has(id)) restoring.set(id, restore(id).finally(() => restoring.delete(id)));
  return restoring.get(id);
}

async function restore(id) {
  const record = await database.get("references", id).catch(() => undefined);
  if (!record) throw new Error("this browser no longer has the reference photo; reset the look, or choose a reference again");
  return load({ ...record, key: null });
}

/** Keeps a reference for later visits. */
async function keep({ id, name, file }) {
  await storing(name, async () => database.put("references", id, { id, name, file: await database.copyOf(file) }));
}

async function load(reference) {
  const response = await withPhoto(reference, (url) => request(`${url}/original`));
  const image = await decoded(await response.blob());
  if (meanChroma(image) < MIN_CHROMA) {
    forgetUpload(reference);
    throw new Error(`${reference.name} is black and white; choose a photo in color as reference`);
  }
  const { colors } = await (await withPhoto(reference, (url) => request(`${url}/palette`))).json();
  const loaded = Object.assign(reference, { image, colors });
  references.value = [loaded, ...references.value];
  return loaded;
}

window.addEventListener("pagehide", () => references.value.forEach(forgetUpload));

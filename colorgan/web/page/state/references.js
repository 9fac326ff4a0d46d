/**
 * Reference photos, whose palette the open photo takes.
 *
 * The settings of a photo name a reference by an id of the page: the key of its upload changes when the server has forgotten it.
 */

import { signal } from "../vendor/preact.js";
import { postJSON, request } from "../api.js";
import { decoded, meanChroma } from "../lib/images.js";
import { announce, clearError, showError } from "./messages.js";
import { withPhoto } from "./photos.js";

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

/** Posts hints, settings and more about a photo. If the server does not have the reference of the settings (any more), it is uploaded. */
export async function postColorization(photo, path, data) {
  if (!data.reference) return withPhoto(photo, (url) => postJSON(`${url}/${path}`, data));
  const reference = findReference(data.reference);
  if (reference === null) throw new Error("this page no longer has the reference photo; remove it, or choose it again");
  const send = () => withPhoto(photo, (url) => postJSON(`${url}/${path}`, { ...data, reference: reference.key }));
  return withPhoto(reference, send, "reference");
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

function forgetUpload({ key }) {
  request(`api/photos/${key}`, { method: "DELETE", keepalive: true }).catch(() => {});
}

window.addEventListener("pagehide", () => references.value.forEach(forgetUpload));

/** The photo that is open in the editor, and uploads of photos on the server. */

import { signal } from "../vendor/preact.js";
import { request, upload } from "../api.js";

/** The open photo (a KeptPhoto, which is a PhotoDocument), or null. */
export const current = signal(null);

const uploads = new Map(); // running uploads by photo

/** Shows a photo, or none; the upload of the previous one is deleted. */
export function setCurrent(photo) {
  if (current.value !== photo) forgetUpload(current.value);
  current.value = photo;
}

/** Deletes the upload of a photo, which is sent again when it is needed. */
export function forgetUpload(photo) {
  if (!photo?.key) return;
  request(`api/photos/${photo.key}`, { method: "DELETE", keepalive: true }).catch(() => {});
  photo.key = null;
}

/**
 * Sends a request about a photo. If the server does not have it (any more), it is uploaded first.
 *
 * @param options those of `upload`, and role: what the photo is for the request, which the server names if it does not have it, "photo" or
 *   "reference".
 */
export async function withPhoto(photo, send, { role = "photo", ...options } = {}) {
  await ensureUploaded(photo, options);
  const { key } = photo;
  try {
    return await send(`api/photos/${key}`);
  } catch (error) {
    if (error.expired !== role) throw error;
    if (photo.key === key) photo.key = null;
    await ensureUploaded(photo, options);
    return send(`api/photos/${photo.key}`);
  }
}

/** Uploads a photo unless that is done or running; then its key, width and height are known. Options are those of `upload`. */
export async function ensureUploaded(photo, options = {}) {
  if (photo.key) return;
  if (!uploads.has(photo)) uploads.set(photo, uploadPhoto(photo, options).finally(() => uploads.delete(photo)));
  await uploads.get(photo);
}

async function uploadPhoto(photo, options) {
  const file = photo.file ?? (await photo.loadFile());
  const { key, width, height } = await (await upload("api/photos", file, photo.name, options)).json();
  Object.assign(photo, { key, width, height });
}

/** The photo that is open in the editor, and its upload on the server. */

import { signal } from "../vendor/preact.js";
import { request, upload } from "../api.js";
import { clearError } from "./messages.js";
import { PhotoDocument } from "./photo_document.js";

/** The open PhotoDocument, or null. */
export const current = signal(null);

/** Uploads a photo and opens it. If that fails, the previous photo stays open. */
export async function openPhoto(file) {
  const photo = await uploadPhoto(file, file.name);
  closePhoto();
  clearError();
  current.value = new PhotoDocument(file, photo);
  return current.value;
}

/** Closes the open photo, and deletes its upload. */
export function closePhoto() {
  forgetUpload();
  current.value = null;
}

/** Deletes the upload of the open photo, which is sent again when it is needed. */
export function forgetUpload() {
  if (current.value) request(`api/photos/${current.value.key}`, { method: "DELETE", keepalive: true }).catch(() => {});
}

/**
 * Sends a request about a photo; if the server has forgotten the photo, uploads it again and repeats the request.
 *
 * @param role what the photo is for the request, which the server names if it has forgotten it: "photo" or "reference".
 */
export async function withPhoto(photo, send, role = "photo") {
  if (!photo.key) photo.key = (await uploadPhoto(photo.file, photo.name)).key;
  try {
    return await send(`api/photos/${photo.key}`);
  } catch (error) {
    if (error.expired !== role) throw error;
    photo.key = (await uploadPhoto(photo.file, photo.name)).key;
    return send(`api/photos/${photo.key}`);
  }
}

async function uploadPhoto(file, name) {
  return (await upload("api/photos", file, name)).json();
}

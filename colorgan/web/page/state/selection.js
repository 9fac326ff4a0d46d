/** Which photos of the album are selected: by click, with Shift for a range, or with the keyboard. */

import { computed, effect, signal } from "../vendor/preact.js";
import { album, albumPhotos } from "./album.js";

/** Ids of the selected photos. */
export const selected = signal(new Set());

export const selectedPhotos = computed(() => albumPhotos.value.filter(({ id }) => selected.value.has(id)));

/** Index of the photo that arrow keys start from. */
export const cursor = signal(0);

let anchor = 0; // where a range begins

effect(() => {
  album.value; // another album
  clear();
  cursor.value = 0;
});

export function clear() {
  selected.value = new Set();
  anchor = 0;
}

export function selectAll() {
  selected.value = new Set(albumPhotos.value.map(({ id }) => id));
}

/** Selects a photo, or deselects it. */
export function toggle(index) {
  const ids = new Set(selected.value);
  const { id } = albumPhotos.value[index];
  if (!ids.delete(id)) ids.add(id);
  selected.value = ids;
  cursor.value = anchor = index;
}

/** Adds all photos between the one last selected and this one. */
export function extendTo(index) {
  const range = albumPhotos.value.slice(Math.min(anchor, index), Math.max(anchor, index) + 1);
  selected.value = new Set([...selected.value, ...range.map(({ id }) => id)]);
  cursor.value = index;
}

/** Moves the cursor without selecting. */
export function moveTo(index) {
  cursor.value = Math.min(albumPhotos.value.length - 1, Math.max(0, index));
  return cursor.value;
}

/** Colors that the user has saved, the latest first; the browser keeps them, and all tabs have the same. */

import { signal } from "../vendor/preact.js";

const KEY = "colorgan.saved-colors";
const MAX_SAVED = 24;

export const savedColors = signal(read());

window.addEventListener("storage", (event) => {
  if (event.key === KEY || event.key === null) savedColors.value = read();
});

export function isSaved(color) {
  return savedColors.value.includes(color);
}

/** Saves a color, or removes it. */
export function toggleSaved(color) {
  const others = savedColors.value.filter((other) => other !== color);
  savedColors.value = isSaved(color) ? others : [color, ...others].slice(0, MAX_SAVED);
  try {
    localStorage.setItem(KEY, JSON.stringify(savedColors.value));
  } catch {
    // without storage, as in some private windows, they stay until the page is closed
  }
}

function read() {
  try {
    const colors = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return colors.filter((color) => /^#[0-9a-f]{6}$/.test(color)).slice(0, MAX_SAVED);
  } catch {
    return [];
  }
}

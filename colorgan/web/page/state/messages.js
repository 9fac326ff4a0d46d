/** Messages to the user: a status for screen readers, and a visible alert for errors. */

import { signal } from "../vendor/preact.js";

export const status = signal("");
export const alert = signal("");

/** Announces a change of the page to screen readers. */
export function announce(message) {
  status.value = message;
}

/** Shows an error until it is closed, or until clearError is called. */
export function showError(error) {
  alert.value = error.message ?? String(error);
}

export function clearError() {
  alert.value = "";
}

/** Messages to the user: a status for screen readers, and a visible alert for errors. */

const status = document.querySelector("#status");
const alert = document.querySelector("#alert");

alert.querySelector("button").addEventListener("click", () => { alert.hidden = true; });

/** Announces a change of the page to screen readers. */
export function announce(message) {
  status.textContent = message;
}

/** Shows an error until it is closed, or until clearError is called. */
export function showError(error) {
  alert.querySelector("p").textContent = toSentence(error.message ?? String(error));
  alert.hidden = false;
}

export function clearError() {
  alert.hidden = true;
}

/** Capitalizes a message and adds a period. */
export function toSentence(message) {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** A number with a noun in the singular or plural. */
export function pluralize(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

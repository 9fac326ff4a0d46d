/** What the page tells its user: a status that is spoken, and alerts that are seen as well. */

const status = document.querySelector("#status");
const alert = document.querySelector("#alert");

alert.querySelector("button").addEventListener("click", () => { alert.hidden = true; });

/** Says something to those who do not see the page change. */
export function say(sentence) {
  status.textContent = sentence;
}

/** Shows what went wrong, until it is closed or the next thing succeeds. */
export function warn(error) {
  alert.querySelector("p").textContent = capitalised(error.message ?? String(error));
  alert.hidden = false;
}

export function calm() {
  alert.hidden = true;
}

/** A sentence of the server, as it stands on a page. */
export function capitalised(sentence) {
  const whole = sentence.charAt(0).toUpperCase() + sentence.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

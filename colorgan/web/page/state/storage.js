/** Whether the browser keeps what the user does; if not, one sentence says so, and the page goes on. */

import { signal } from "../vendor/preact.js";

/** The sentence, or "". */
export const storageProblem = signal("");

let isTold = false;

/** Runs a function that stores something; returns whether that worked. */
export async function storing(name, store) {
  try {
    await store();
    return true;
  } catch (error) {
    tell(error, name);
    return false;
  }
}

/** Says once what it means that nothing can be stored. */
export function tell(error, name) {
  if (isTold) return;
  isTold = true;
  storageProblem.value = error.name === "QuotaExceededError"
    ? `This browser’s storage is full, so ${name} is lost when you close the page; remove recent photos, or download your work.`
    : "This browser keeps no photos here, as in a private window, so download your work before you close the page.";
}

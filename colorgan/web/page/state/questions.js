/** Questions that the user answers before the page goes on. */

import { signal } from "../vendor/preact.js";

/** The open question, as { title, text, yes, no, isDangerous, answer }, or null. */
export const question = signal(null);

/** Asks a question; resolves with whether the answer is yes. */
export function ask({ title, text, yes, no = "Cancel", isDangerous = false }) {
  question.value?.answer(false);
  return new Promise((resolve) => {
    const answer = (isYes) => {
      question.value = null;
      resolve(isYes);
    };
    question.value = { title, text, yes, no, isDangerous, answer };
  });
}

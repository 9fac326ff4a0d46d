/** A labeled slider with its value in words. */

import { html } from "../vendor/preact.js";

/**
 * @param id id of the input; the value beside it is called `${id}-value`.
 * @param label what it changes.
 * @param text its value in words, also for screen readers.
 * @param onInput called with the number while it changes.
 * @param onChange called when the change is complete.
 */
export function Slider({ id, label, value, min, max, step = 1, text, onInput, onChange }) {
  return html`
    <label class="slider">
      <span>${label}</span>
      <input type="range" id=${id} min=${min} max=${max} step=${step} value=${value} aria-valuetext=${text}
        onInput=${({ currentTarget }) => onInput(Number(currentTarget.value))} onChange=${onChange} />
      <output id="${id}-value" for=${id}>${text}</output>
    </label>`;
}

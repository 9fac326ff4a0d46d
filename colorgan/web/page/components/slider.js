/** A labeled slider with its value in words. */

import { html } from "../vendor/preact.js";

/**
 * @param id id of the input; the value beside it is called `${id}-value`.
 * @param label what it changes.
 * @param text its value in words, also for screen readers.
 * @param description what screen readers add to the value; optional.
 * @param mark a value with a tick, such as the default; optional.
 * @param onInput called with the number while it changes.
 * @param onChange called when the change is complete.
 */
export function Slider({ id, label, value, min, max, step = 1, text, description = "", mark, onInput, onChange }) {
  return html`
    <label class="slider">
      <span>${label}</span>
      <input type="range" id=${id} min=${min} max=${max} step=${step} value=${value} aria-valuetext=${[text, description].filter(Boolean).join(", ")}
        list=${mark === undefined ? undefined : `${id}-marks`} onInput=${({ currentTarget }) => onInput(Number(currentTarget.value))} onChange=${onChange} />
      <output id="${id}-value" for=${id}>${text}</output>
      ${mark !== undefined && html`<datalist id="${id}-marks"><option value=${mark} /></datalist>`}
    </label>`;
}

/** Chooses a color: the browser's picker, the model's suggestions for the selected hint, and colors in use. */

import { html } from "../vendor/preact.js";
import { isLoading, suggestions } from "../state/suggestions.js";
import { Swatches } from "./swatches.js";

const MAX_USED = 8;
const NO_COLOR = "#808080"; // what the browser's picker starts with

/**
 * @param photo the open PhotoDocument.
 * @param color the color in use, as #rrggbb; null for the one that the photo has where the next hint will be.
 * @param onTry called with a color while the user is still moving through colors.
 * @param onChoose called with the color that the user has chosen.
 */
export function ColorPicker({ photo, color, onTry, onChoose }) {
  const used = usedColors(photo.hints.value, photo.hint.value);
  return html`
    <div class="row">
      <label class="color-picker">Color <input type="color" id="hint-color" value=${color ?? NO_COLOR}
        onInput=${(event) => onTry(event.currentTarget.value)} onChange=${(event) => onChoose(event.currentTarget.value)} /></label>
      <output id="hint-color-code" for="hint-color" class="muted">${color ?? "as in the photo"}</output>
    </div>
    ${photo.hint.value && html`
      <${Swatches} id="suggested-colors" title="Suggested by the model" colors=${suggestions.value} selected=${color}
        isLoading=${isLoading.value} onSelect=${onChoose} />`}
    ${used.length > 0 && html`
      <${Swatches} id="used-colors" title="Used in this photo" colors=${used} selected=${color} onSelect=${onChoose} />`}`;
}

/** Colors of the other hints, the latest first. */
function usedColors(hints, hint) {
  const colors = hints.filter((other) => other !== hint).map(({ color }) => color);
  return [...new Set(colors)].reverse().slice(0, MAX_USED).map((color) => ({ color }));
}

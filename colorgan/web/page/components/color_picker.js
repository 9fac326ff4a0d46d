/** Chooses a color: the browser's picker, names and codes, the photo, the model's suggestions, everyday colors, and those that are saved or in use. */

import { html, useRef } from "../vendor/preact.js";
import { isSaved, savedColors, toggleSaved } from "../state/saved_colors.js";
import { shownColorOf } from "../state/shown_color.js";
import { isLoading, suggestions } from "../state/suggestions.js";
import { eyedropper, pickFromPhoto } from "../state/tools.js";
import { ColorField } from "./color_field.js";
import { EverydayPalette } from "./everyday_palette.js";
import { Icon } from "./icons.js";
import { Swatches } from "./swatches.js";

const MAX_USED = 8;
const NO_COLOR = "#808080"; // what the browser's picker starts with

/**
 * @param photo the open PhotoDocument.
 * @param color the color in use, as #rrggbb; null for the one that the photo has where the next hint will be.
 * @param onTry called with a color while the user is still moving through colors.
 * @param onChoose called with the color that the user has chosen.
 * @param children what there is to say about the color.
 */
export function ColorPicker({ photo, color, onTry, onChoose, children }) {
  const hint = photo.hint.value;
  const used = usedColors(photo.hints.value, hint);
  const lightness = hint && !hint.recolor ? shownColorOf.value?.lightness ?? null : null;
  const row = { selected: color, lightness, onSelect: onChoose };
  return html`
    <div class="chosen-color">
      <input type="color" id="hint-color" aria-label="Color" title="Mix a color" value=${color ?? NO_COLOR}
        onInput=${(event) => onTry(event.currentTarget.value)} onChange=${(event) => onChoose(event.currentTarget.value)} />
      <${ColorField} color=${color} subject=${photo.selected.value} placeholder="as in the photo" onChoose=${onChoose} />
      <${EyedropperButton} onChoose=${onChoose} />
      <button type="button" id="save-color" class="borderless icon" aria-label="Save this color" title="Save this color" disabled=${!color}
        aria-pressed=${isSaved(color)} onClick=${() => toggleSaved(color)}><${Icon} name="bookmark" /></button>
    </div>
    ${children}
    ${hint && (isLoading.value || suggestions.value.length > 0) && html`
      <${Swatches} id="suggested-colors" title="Suggested by the model" colors=${suggestions.value} isLoading=${isLoading.value}
        selected=${color} onSelect=${onChoose} />`}
    <${EverydayPalette} ...${row} />
    ${used.length > 0 && html`<${Swatches} id="used-colors" title="Used in this photo" colors=${used} ...${row} />`}
    ${savedColors.value.length > 0 && html`
      <${Swatches} id="saved-colors" title="Saved" colors=${savedColors.value.map((saved) => ({ color: saved }))} ...${row} />`}
    ${lightness !== null && html`
      <p id="lightness-note" class="muted">Colors are shown as light as this place is; the lower edge shows each as it is.</p>`}`;
}

function EyedropperButton({ onChoose }) {
  const button = useRef();
  const isPicking = eyedropper.value !== null;
  const pick = async () => {
    const color = await pickFromPhoto();
    button.current?.focus({ preventScroll: true });
    if (color) onChoose(color);
  };
  return html`
    <button type="button" id="pick-color" class="borderless icon" ref=${button} aria-label="Pick a color from the photo"
      title="Pick a color from the photo" aria-pressed=${isPicking} onClick=${pick}><${Icon} name="eyedropper" /></button>`;
}

/** Colors of the other hints, the latest first. */
function usedColors(hints, hint) {
  const colors = hints.filter((other) => other !== hint).map(({ color }) => color);
  return [...new Set(colors)].reverse().slice(0, MAX_USED).map((color) => ({ color }));
}

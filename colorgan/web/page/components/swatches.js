/** A labeled row of color swatches. */

import { html } from "../vendor/preact.js";

/**
 * @param id id of the row.
 * @param title heading of the row.
 * @param colors list of { color, reason }; the reason is optional.
 * @param selected the color in use.
 * @param isLoading whether newer colors are on their way.
 * @param onSelect called with the color.
 */
export function Swatches({ id, title, colors, selected, isLoading = false, onSelect }) {
  return html`
    <div>
      <h4 id="${id}-title">${title}</h4>
      <div id=${id} class="swatches ${isLoading ? "loading" : ""}" role="group" aria-labelledby="${id}-title">
        ${colors.map(({ color, reason }) => html`<${Swatch} ...${{ color, reason, isSelected: color === selected, onSelect }} />`)}
      </div>
    </div>`;
}

function Swatch({ color, reason, isSelected, onSelect }) {
  const label = reason ? `${color}, ${reason}` : color;
  return html`<button type="button" class="swatch" style=${{ "--color": color }} title=${label} aria-label=${label}
    aria-pressed=${isSelected} data-color=${color} onClick=${() => onSelect(color)} />`;
}

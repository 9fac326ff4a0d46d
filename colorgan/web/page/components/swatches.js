/** A labeled row of color swatches; the arrow keys go from one to the next. */

import { html, useRef } from "../vendor/preact.js";
import { nameOf } from "../lib/color_names.js";
import { atLightness } from "../lib/lab.js";

/**
 * @param id id of the row.
 * @param title heading of the row, or the markup of one; its id is `${id}-title`.
 * @param colors list of { color, reason }; the reason is optional.
 * @param selected the color in use.
 * @param lightness L* at which a photo shows the colors; null to show them as they are.
 * @param isLoading whether newer colors are on their way.
 * @param onSelect called with the color.
 */
export function Swatches({ id, title, colors, selected, lightness = null, isLoading = false, onSelect }) {
  const row = useRef();
  const tabStop = Math.max(0, colors.findIndex(({ color }) => color === selected));
  const onKeyDown = (event) => {
    const swatches = [...row.current.querySelectorAll(".swatch")];
    const index = swatches.indexOf(event.target);
    const target = {
      ArrowRight: index + 1, ArrowDown: index + 1, ArrowLeft: index - 1, ArrowUp: index - 1, Home: 0, End: swatches.length - 1,
    }[event.key];
    if (target === undefined || index < 0) return;
    event.preventDefault();
    swatches[(target + swatches.length) % swatches.length].focus();
  };
  return html`
    <div>
      ${typeof title === "string" ? html`<h4 id="${id}-title">${title}</h4>` : title}
      <div id=${id} class="swatches ${isLoading ? "loading" : ""}" role="group" aria-labelledby="${id}-title" ref=${row} onKeyDown=${onKeyDown}>
        ${colors.map(({ color, reason }, index) => html`<${Swatch} key=${color}
          ...${{ color, reason, lightness, isSelected: color === selected, isTabStop: index === tabStop, onSelect }} />`)}
      </div>
    </div>`;
}

function Swatch({ color, reason, lightness, isSelected, isTabStop, onSelect }) {
  const label = [nameOf(color), color, reason].filter(Boolean).join(", ");
  const shown = lightness === null ? color : atLightness(color, lightness);
  return html`<button type="button" class="swatch" style=${{ "--color": color, "--shown": shown }} title=${label} aria-label=${label}
    aria-pressed=${isSelected} tabindex=${isTabStop ? 0 : -1} data-color=${color} onClick=${() => onSelect(color)} />`;
}

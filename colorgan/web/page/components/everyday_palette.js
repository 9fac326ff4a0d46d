/** Colors of everyday things, one group at a time. */

import { html, signal } from "../vendor/preact.js";
import { EVERYDAY_COLORS } from "../lib/everyday_colors.js";
import { Swatches } from "./swatches.js";

const group = signal(EVERYDAY_COLORS[0].group); // stays the same from hint to hint

/** For the parameters, see Swatches. */
export function EverydayPalette({ selected, lightness, onSelect }) {
  const { colors } = EVERYDAY_COLORS.find((entry) => entry.group === group.value);
  const title = html`
    <div class="row spread">
      <h4 id="everyday-colors-title">Everyday colors</h4>
      <select id="everyday-group" class="small" aria-label="Group of everyday colors" value=${group.value}
        onChange=${(event) => { group.value = event.currentTarget.value; }}>
        ${EVERYDAY_COLORS.map((entry) => html`<option key=${entry.group}>${entry.group}</option>`)}
      </select>
    </div>`;
  return html`
    <${Swatches} id="everyday-colors" title=${title} colors=${Object.values(colors).map((color) => ({ color }))}
      ...${{ selected, lightness, onSelect }} />`;
}

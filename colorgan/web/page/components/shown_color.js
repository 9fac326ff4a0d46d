/** Says when a place is too light or too dark for the color of a hint, and offers what can be done. */

import { html } from "../vendor/preact.js";
import { toLab } from "../lib/lab.js";
import { correct } from "../state/hint_actions.js";
import { shownColorOf } from "../state/shown_color.js";

const SIMILAR_LIGHTNESS = 10; // of L*; the place is then right on average, but not everywhere

export function ShownColor({ hint }) {
  const answer = shownColorOf.value;
  if (!answer || answer.exact || hint.recolor || answer.nearest === hint.color) return null;
  return html`
    <div id="shown-color" class="advice" role="status">
      <p>${problem(hint.color, answer.lightness)} for <${Sample} color=${hint.color} />. The photo shows <${Sample} color=${answer.shown} /> there.</p>
      <div class="row tight">
        <button type="button" id="use-nearest" class="small" onClick=${() => correct({ color: answer.nearest })}>
          Nearest that fits <${Sample} color=${answer.nearest} /></button>
        <button type="button" id="use-recolor" class="small" onClick=${() => correct({ recolor: true })}>Recolor</button>
      </div>
    </div>`;
}

function problem(color, lightness) {
  const difference = toLab(color)[0] - lightness;
  if (Math.abs(difference) < SIMILAR_LIGHTNESS) return "Parts of this place are too light or too dark";
  return `This place is too ${difference > 0 ? "dark" : "light"}`;
}

function Sample({ color }) {
  return html`<span class="sample" style=${{ "--color": color }} title=${color}><span class="visually-hidden">${color}</span></span>`;
}

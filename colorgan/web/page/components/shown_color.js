/** Says when a place is too light or too dark for the color of a hint, and offers what can be done. */

import { html } from "../vendor/preact.js";
import { lightness } from "../lib/color.js";
import { correct } from "../state/hint_actions.js";
import { shownColorOf } from "../state/shown_color.js";

export function ShownColor({ hint }) {
  const answer = shownColorOf.value;
  if (!answer || answer.exact || hint.recolor || answer.nearest === hint.color) return null;
  const problem = lightness(hint.color) > answer.lightness ? "too dark" : "too light";
  return html`
    <div id="shown-color" class="advice" role="status">
      <p>This place is ${problem} for <${Sample} color=${hint.color} />. The photo shows <${Sample} color=${answer.shown} /> there.</p>
      <div class="row tight">
        <button type="button" id="use-nearest" class="small" onClick=${() => correct({ color: answer.nearest })}>
          Nearest that fits <${Sample} color=${answer.nearest} /></button>
        <button type="button" id="use-recolor" class="small" onClick=${() => correct({ recolor: true })}>Recolor</button>
      </div>
    </div>`;
}

function Sample({ color }) {
  return html`<span class="sample" style=${{ "--color": color }} title=${color}><span class="visually-hidden">${color}</span></span>`;
}

/** The panel of the look: strength and warmth of the colors, models, the reference, variants, and before and after. */

import { html } from "../vendor/preact.js";
import { moveDivider, position } from "../state/comparison.js";
import { announce } from "../state/messages.js";
import { DEFAULT_SETTINGS } from "../state/photo_document.js";
import { info } from "../state/server_info.js";
import { showVariants } from "../state/variants.js";
import { ModelMix } from "./model_mix.js";
import { ReferencePanel } from "./reference_panel.js";
import { Slider } from "./slider.js";

const VIEWS = [["Before", 100], ["Both", 50], ["After", 0]]; // positions of the divider

export function LookPanel({ photo }) {
  const { strength, warmth } = photo.settings.value;
  const isChanged = Object.keys(photo.changedSettings).length > 0;
  const tryOut = (settings) => photo.change({ settings });
  const commit = () => photo.commit();
  const reset = () => {
    tryOut(DEFAULT_SETTINGS);
    commit();
    announce("The look is as predicted");
  };
  return html`
    <section id="look" aria-labelledby="look-title">
      <div class="row spread">
        <h3 id="look-title">Look</h3>
        <button type="button" id="reset-look" class="borderless small" disabled=${!isChanged} onClick=${reset}>Reset</button>
      </div>
      <div class="sliders">
        <${Slider} id="strength" label="Strength" min=${0} max=${200} value=${Math.round(100 * strength)} text=${percent(strength)}
          description=${strength > 1 ? "more than predicted, a matter of taste" : ""} mark=${100}
          onInput=${(value) => tryOut({ strength: value / 100 })} onChange=${commit} />
        <${Slider} id="warmth" label="Warmth" min=${-100} max=${100} value=${Math.round(100 * warmth)} text=${warmthText(warmth)} mark=${0}
          onInput=${(value) => tryOut({ warmth: value / 100 })} onChange=${commit} />
        ${info.value.models.length > 1 && html`<${ModelMix} models=${info.value.models} mix=${photo.settings.value.mix ?? info.value.mix}
          onInput=${(mix) => tryOut({ mix })} onChange=${commit} />`}
      </div>
      ${strength > 1 && html`<p id="strength-note" class="muted">Beyond 100%, colors are stronger than the model finds likely: a matter of taste.</p>`}
      <${ReferencePanel} photo=${photo} />
      <button type="button" id="show-variants" class="wide" aria-haspopup="dialog" onClick=${() => showVariants(photo)}>Six variants to pick from…</button>
      <div class="segments" role="group" aria-label="Show">
        ${VIEWS.map(([label, divider]) => html`
          <button type="button" id="show-${label.toLowerCase()}" aria-pressed=${position.value === divider}
            onClick=${() => moveDivider(divider)}>${label}</button>`)}
      </div>
    </section>`;
}

const percent = (value) => `${Math.round(100 * value)}%`;

function warmthText(warmth) {
  const value = Math.round(100 * Math.abs(warmth));
  if (value === 0) return "neutral";
  return `${value} ${warmth > 0 ? "warmer" : "colder"}`;
}

/** How much each of several models counts: one slider for two models, and one for each of more. */

import { html } from "../vendor/preact.js";
import { Slider } from "./slider.js";

/**
 * @param models names of the models.
 * @param mix their weights.
 * @param onInput called with weights whose sum is 1 while they change.
 * @param onChange called when the change is complete.
 */
export function ModelMix({ models, mix, onInput, onChange }) {
  const weights = shares(mix);
  const set = (index, value) => onInput(withShare(weights, index, value / 100));
  const sliders = models.length === 2 ? [[1, "Mix"]] : models.map((name, index) => [index, name]);
  return html`
    <div id="model-mix" role="group" aria-label="Models" class="sliders">
      ${sliders.map(([index, label]) => html`
        <${Slider} id="mix-${index}" label=${label} min=${0} max=${100} value=${Math.round(100 * weights[index])}
          text="${Math.round(100 * weights[index])}%" description="of ${models[index]}" onInput=${(value) => set(index, value)} onChange=${onChange} />`)}
      ${models.length === 2 && html`
        <p class="mix-ends muted"><span>${models[0]}</span><span>${models[1]}</span></p>`}
    </div>`;
}

function shares(weights) {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Gives one model a share; the others keep their proportions. */
function withShare(weights, index, share) {
  const others = 1 - weights[index];
  return weights.map((weight, other) => {
    if (other === index) return share;
    return (1 - share) * (others > 0 ? weight / others : 1 / (weights.length - 1));
  });
}

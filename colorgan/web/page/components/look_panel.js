/** The panel of the look: how strong the colors are. */

import { html } from "../vendor/preact.js";
import { Slider } from "./slider.js";

export function LookPanel({ photo }) {
  const percent = Math.round(100 * photo.settings.value.strength);
  return html`
    <section aria-labelledby="look-title">
      <h3 id="look-title" class="visually-hidden">Look</h3>
      <${Slider} id="strength" label="Strength" min=${0} max=${100} value=${percent} text="${percent}%"
        onInput=${(value) => photo.change({ settings: { strength: value / 100 } })} onChange=${() => photo.commit()} />
    </section>`;
}

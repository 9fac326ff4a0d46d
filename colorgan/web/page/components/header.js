/** The bar at the top. */

import { html } from "../vendor/preact.js";
import { startOver } from "../state/opening.js";
import { aboutOpen, view } from "../state/view.js";

export function Header() {
  return html`
    <header class="header">
      <h1><img src="page/icon.svg" alt="" width="28" height="28" /> colorgan</h1>
      <div class="row">
        ${view.value !== "start" && html`<button type="button" id="new-photo" onClick=${startOver}>New photo</button>`}
        <button type="button" id="show-about" class="borderless" onClick=${() => { aboutOpen.value = true; }}>About</button>
      </div>
    </header>`;
}

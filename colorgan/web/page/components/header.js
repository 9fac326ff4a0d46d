/** The bar at the top. */

import { html } from "../vendor/preact.js";
import { returnToAlbum, startOver } from "../state/opening.js";
import { current } from "../state/photos.js";
import { aboutOpen, view } from "../state/view.js";
import { Icon } from "./icons.js";

export function Header() {
  return html`
    <header class="header">
      <h1><img src="page/icon.svg" alt="" width="28" height="28" /> <span>colorgan</span></h1>
      <div class="row">
        ${view.value === "editor" && current.value.albumId !== null && html`
          <button type="button" id="to-album" class="with-icon" onClick=${returnToAlbum}><${Icon} name="back" />Album</button>`}
        ${view.value !== "start" && html`<button type="button" id="new-photo" onClick=${startOver}>New photo</button>`}
        <button type="button" id="show-about" class="borderless" onClick=${() => { aboutOpen.value = true; }}>About</button>
      </div>
    </header>`;
}

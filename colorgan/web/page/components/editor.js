/** The editor of a single photo: the stage and the panels beside it. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { Stage } from "../editor/stage.js";
import { redo, undo } from "../state/hint_actions.js";
import { current } from "../state/photos.js";
import { info } from "../state/server_info.js";
import { DownloadPanel } from "./download_panel.js";
import { HintPanel } from "./hint_panel.js";
import { LookPanel } from "./look_panel.js";

export function Editor() {
  const name = useRef();
  const photo = current.value;
  useEffect(() => name.current.focus({ preventScroll: true }), [photo]);
  useEffect(() => {
    document.addEventListener("keydown", onShortcut);
    return () => document.removeEventListener("keydown", onShortcut);
  }, []);
  const aspectRatio = Math.min(8, Math.max(0.2, photo.width / photo.height));
  return html`
    <section id="editor" aria-labelledby="photo-name">
      <div class="viewer">
        <figure style=${{ "--aspect-ratio": aspectRatio }}>
          <${Stage} key=${photo.number} photo=${photo} />
          <figcaption>
            <h2 id="photo-name" tabindex="-1" ref=${name}>${photo.name}</h2>
            <span id="photo-size" class="muted">${photo.width} × ${photo.height}</span>
          </figcaption>
        </figure>
      </div>
      <div class="panel">
        ${info.value.takes_hints ? html`<${HintPanel} photo=${photo} />`
          : html`<p id="no-hints" class="note">This model was trained without color hints, so it cannot follow any.</p>`}
        <${LookPanel} photo=${photo} />
        <${DownloadPanel} photo=${photo} />
      </div>
    </section>`;
}

function onShortcut(event) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(key)) return;
  event.preventDefault();
  if (key === "y" || event.shiftKey) redo();
  else undo();
}

/** The editor of a single photo: the stage, what is below it, and the panels beside it. */

import { html, useEffect, useLayoutEffect, useRef } from "../vendor/preact.js";
import { ComparisonSlider } from "../editor/comparison.js";
import { listenForKeys } from "../editor/shortcuts.js";
import { Stage } from "../editor/stage.js";
import { HoldToCompare, ZoomControls } from "../editor/zoom_controls.js";
import { current } from "../state/photos.js";
import { DownloadPanel } from "./download_panel.js";
import { HintPanel } from "./hint_panel.js";
import { LookPanel } from "./look_panel.js";

export function Editor() {
  const name = useRef();
  const viewer = useRef();
  const photo = current.value;
  useLayoutEffect(() => name.current.focus({ preventScroll: true }), [photo]);
  useEffect(listenForKeys, []);
  useLayoutEffect(() => {
    const setHeight = () => viewer.current.parentElement.style.setProperty("--viewer-height", `${viewer.current.offsetHeight}px`);
    const observer = new ResizeObserver(setHeight); // on phones, the tools stay below the viewer
    observer.observe(viewer.current);
    return () => observer.disconnect();
  }, []);
  return html`
    <section id="editor" aria-labelledby="photo-name">
      <div class="viewer" ref=${viewer}>
        <${Stage} key=${photo.number} photo=${photo} />
        <${ComparisonSlider} />
        <div class="below-stage">
          <div class="about-photo">
            <h2 id="photo-name" tabindex="-1" ref=${name} title=${photo.name}>${photo.name}</h2>
            <span id="photo-size" class="muted">${photo.width} × ${photo.height}</span>
          </div>
          <${HoldToCompare} />
          <${ZoomControls} />
        </div>
      </div>
      <div class="panel">
        <${HintPanel} photo=${photo} />
        <${LookPanel} photo=${photo} />
        <${DownloadPanel} photo=${photo} />
      </div>
    </section>`;
}

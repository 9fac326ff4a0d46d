/** The photo: original and colorized, with the hints on it and the divider between the two. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { position, reveal } from "../state/comparison.js";
import { altText, colorized, isBusy, isSlow, original } from "../state/preview.js";
import { info } from "../state/server_info.js";
import { ComparisonSlider } from "./comparison.js";
import { HintLayer } from "./hint_layer.js";

export function Stage({ photo }) {
  const stage = useRef();
  const isColorized = colorized.value !== null;
  useEffect(() => {
    if (isColorized) reveal();
    else position.value = 100;
  }, [isColorized]);
  return html`
    <div id="stage" class=${info.value.takes_hints ? "" : "without-hints"} ref=${stage} aria-busy=${isBusy.value}
      style=${{ "--position": `${position.value}%` }}>
      <img id="original" alt="${photo.name}, original" draggable=${false} src=${original.value?.src} />
      <img id="colorized" alt=${isColorized ? altText(photo) : ""} draggable=${false} src=${colorized.value?.src} />
      <${HintLayer} photo=${photo} />
      <${ComparisonSlider} stage=${stage} />
      <div class="busy-bar" hidden=${!isSlow.value}><span /></div>
    </div>`;
}

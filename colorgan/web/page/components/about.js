/** The dialog about the model, its limits, and the keyboard. */

import { html, useLayoutEffect, useRef } from "../vendor/preact.js";
import { info } from "../state/server_info.js";
import { aboutOpen } from "../state/view.js";
import { Icon } from "./icons.js";

const KEYS = [
  [["Tab"], "go to the slider and from hint to hint"],
  [["←", "→", "↑", "↓"], html`move the hint, the slider or the photo; hold <kbd>Shift</kbd> for larger steps`],
  [["Delete"], "delete the hint"],
  [["Ctrl", "Z"], html`undo; with <kbd>Shift</kbd>, redo`],
  [["D", "B", "L", "H"], "tools: dot, brush, lasso, and a hand that moves the photo"],
  [["+", "−"], html`zoom; <kbd>0</kbd> shows the whole photo, <kbd>1</kbd> actual pixels`],
  [["C"], "show the original while you hold it"],
  [["Ctrl", "V"], "paste a photo"],
];

const close = () => { aboutOpen.value = false; };

export function About() {
  const dialog = useRef();
  const isOpen = aboutOpen.value;
  useLayoutEffect(() => {
    if (isOpen) dialog.current.showModal();
    else dialog.current.close();
  }, [isOpen]);
  const { model, version } = info.value;
  return html`
    <dialog id="about" ref=${dialog} aria-labelledby="about-title" onClose=${close}>
      <div class="row spread">
        <h2 id="about-title">About the model</h2>
        <button type="button" id="close-about" class="borderless icon" aria-label="Close" onClick=${close}><${Icon} name="close" /></button>
      </div>
      <p><strong id="model-name">${model.name}</strong>
        <span class="muted">${model.license && ` · license of the weights: ${model.license}`}</span></p>
      <p>${model.summary || "This model has no model card, so its training data and quality are unknown."}</p>
      <p>The model predicts colors that are common in similar photos. It cannot know the original colors: a result can look right and still
        be wrong. When you share a colorized photo, say that its colors were added by a computer, especially if it is used as a
        historical record.</p>
      ${model.limits.length > 0 && html`
        <div id="model-limits"><h3>Limitations</h3><ul>${model.limits.map((limit) => html`<li>${limit}</li>`)}</ul></div>`}
      <h3>What stays the same</h3>
      <p>The size, sharpness and lightness of your photo do not change; only color is added. Suggested colors are alternative predictions
        of the same model, shown at the lightness of the photo. They are not probabilities.</p>
      <h3>Keyboard shortcuts</h3>
      <dl class="shortcuts">
        ${KEYS.map(([keys, effect]) => html`<div><dt>${keys.map((key) => html`<kbd>${key}</kbd> `)}</dt><dd>${effect}</dd></div>`)}
      </dl>
      <p class="muted">colorgan ${version}</p>
    </dialog>`;
}

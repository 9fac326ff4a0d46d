/** The panel of the hints: the tools, the selected or the next hint, and what concerns all of them. */

import { html, useLayoutEffect, useRef } from "../vendor/preact.js";
import { Toolbar } from "../editor/toolbar.js";
import { kindOf } from "../lib/hint_geometry.js";
import { pluralize } from "../lib/text.js";
import * as actions from "../state/hint_actions.js";
import { loadHints, saveHints } from "../state/hints_file.js";
import { brush, tool } from "../state/tools.js";
import { ColorPicker } from "./color_picker.js";
import { ShownColor } from "./shown_color.js";
import { Slider } from "./slider.js";

const RADIUS = { min: 0.004, max: 0.08 }; // of the photo's shorter side
const NAMES = { dot: "Hint", stroke: "Stroke", area: "Area" };
const NEXT_NAMES = { dot: "Next dot", stroke: "Next stroke", area: "Next area", hand: "Next hint" };
const CLICK = matchMedia("(pointer: coarse)").matches ? "Tap" : "Click";
const INSTRUCTIONS = {
  dot: `${CLICK} what should have another color.`, stroke: "Paint over what should have another color.",
  area: "Draw around what should have another color.", hand: `Drag the photo. ${CLICK} a hint to select it.`,
};

export function HintPanel({ photo }) {
  const count = photo.hints.value.length;
  const hint = photo.hint.value;
  return html`
    <section id="hint-tools" aria-labelledby="hints-title">
      <h3 id="hints-title" class="visually-hidden">Color hints</h3>
      <${Toolbar} photo=${photo} />
      <p id="hints-help" class="muted">${count > 0 && `${pluralize(count, "hint")}. `}${INSTRUCTIONS[tool.value]}</p>
      <${HintOptions} photo=${photo} hint=${hint} />
      <${AllHints} isEmpty=${count === 0} />
    </section>`;
}

/** Color, size, reach and recoloring of the selected hint, or of the next one. */
function HintOptions({ photo, hint }) {
  const index = photo.selected.value;
  const kind = hint ? kindOf(hint) : tool.value;
  const options = hint ?? brush.value;
  return html`
    <fieldset id=${hint ? "selected-hint" : "next-hint"} aria-labelledby="hint-options-title">
      <div class="row spread">
        <h4 id="hint-options-title" class="strong">${hint ? `${NAMES[kind]} ${index + 1}` : NEXT_NAMES[kind]}</h4>
        ${hint && html`
          <button type="button" id="delete-hint" class="borderless small danger" onClick=${() => actions.deleteHint(index)}>Delete</button>`}
        ${!hint && options.color && html`
          <button type="button" id="forget-color" class="borderless small" onClick=${() => actions.tryOut({ color: null })}>As in the photo</button>`}
      </div>
      <${ColorPicker} photo=${photo} color=${options.color} onTry=${(color) => actions.tryOut({ color })}
        onChoose=${(color) => actions.choose({ color })}>
        ${hint && html`<${ShownColor} hint=${hint} />`}
      <//>
      ${kind !== "area" && html`<${SizeAndReach} photo=${photo} options=${options} />`}
      <label class="checkbox"><input type="checkbox" id="hint-recolor" checked=${options.recolor}
        onChange=${(event) => actions.choose({ recolor: event.currentTarget.checked })} />
        <span>Recolor: also make the photo lighter or darker, a little</span></label>
    </fieldset>`;
}

function SizeAndReach({ photo, options }) {
  const shorterSide = Math.min(photo.width, photo.height);
  const radius = options.radius ?? photo.radius;
  const reach = options.reach ?? 1;
  const commit = () => photo.commit();
  return html`
    <div class="sliders">
      <${Slider} id="hint-size" label="Size" min=${Math.max(0.5, RADIUS.min * shorterSide)} max=${Math.max(2, RADIUS.max * shorterSide)}
        step="any" value=${radius} text="${radius < 10 ? radius.toFixed(1) : Math.round(radius)} px"
        onInput=${(value) => actions.tryOut({ radius: value })} onChange=${commit} />
      <${Slider} id="hint-reach" label="Reach" min=${0} max=${200} step=${5} value=${Math.round(100 * reach)} text=${reachText(reach)}
        onInput=${(value) => actions.tryOut({ reach: value / 100 })} onChange=${commit} />
    </div>`;
}

function reachText(reach) {
  return reach === 0 ? "mark only" : `${Math.round(100 * reach)}%`;
}

function AllHints({ isEmpty }) {
  const input = useRef();
  const add = useRef();
  const { index, number } = actions.focusWish.value;
  useLayoutEffect(() => {
    if (index === null && number > 0) add.current.focus({ preventScroll: true });
  }, [number]);
  const onFile = () => {
    const [file] = input.current.files;
    if (file) loadHints(file);
    input.current.value = "";
  };
  return html`
    <div class="row tight">
      <button type="button" id="add-hint" class="small" aria-label="Add a hint in the center" ref=${add}
        onClick=${() => actions.addInCenter(tool.value)}>Add</button>
      <button type="button" id="remove-hints" class="small" aria-label="Remove all hints" disabled=${isEmpty}
        onClick=${actions.removeHints}>Remove all</button>
      <button type="button" id="save-hints" class="small" aria-label="Save hints as JSON" disabled=${isEmpty} onClick=${saveHints}>Save</button>
      <button type="button" id="load-hints" class="small" aria-label="Load hints from JSON" onClick=${() => input.current.click()}>Load</button>
      <input type="file" id="hints-input" ref=${input} accept=".json,application/json" hidden aria-label="Hints file" onChange=${onFile} />
    </div>`;
}

/** The panel of the hints: undo, the selected hint, and what concerns all of them. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { pluralize } from "../lib/text.js";
import * as actions from "../state/hint_actions.js";
import { ColorPicker } from "./color_picker.js";
import { Slider } from "./slider.js";

const RADIUS = { min: 0.004, max: 0.08 }; // of the photo's shorter side

export function HintPanel({ photo }) {
  const count = photo.hints.value.length;
  const help = count === 0 ? "Click the photo to place a hint, then choose its color here."
    : `${pluralize(count, "hint")}. Drag to move, or click the photo to add another.`;
  return html`
    <section id="hint-tools" aria-labelledby="hints-title">
      <div class="row spread">
        <h3 id="hints-title">Color hints</h3>
        <${UndoButtons} photo=${photo} />
      </div>
      <p id="hints-help">${help}</p>
      ${photo.hint.value && html`<${SelectedHint} photo=${photo} hint=${photo.hint.value} index=${photo.selected.value} />`}
      <${AllHints} photo=${photo} isEmpty=${count === 0} />
    </section>`;
}

function UndoButtons({ photo }) {
  return html`
    <div class="row tight">
      <button type="button" id="undo" class="icon" aria-label="Undo" title="Undo (Ctrl+Z)" aria-keyshortcuts="Control+Z"
        disabled=${!photo.canUndo.value} onClick=${actions.undo}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="M7 4 3 8l4 4M3 8h9a5 5 0 0 1 0 9H9" /></svg></button>
      <button type="button" id="redo" class="icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" aria-keyshortcuts="Control+Shift+Z"
        disabled=${!photo.canRedo.value} onClick=${actions.redo}>
        <svg viewBox="0 0 20 20" aria-hidden="true"><path d="m13 4 4 4-4 4M17 8H8a5 5 0 0 0 0 9h3" /></svg></button>
    </div>`;
}

function SelectedHint({ photo, hint, index }) {
  const shorterSide = Math.min(photo.width, photo.height);
  const commit = () => photo.commit();
  return html`
    <fieldset id="selected-hint" aria-labelledby="selected-hint-title">
      <div class="row spread">
        <h4 id="selected-hint-title" class="strong">Hint ${index + 1}</h4>
        <button type="button" id="delete-hint" class="borderless small danger" onClick=${() => actions.deleteHint(index)}>Delete</button>
      </div>
      <${ColorPicker} photo=${photo} color=${hint.color} onTry=${(color) => actions.tryOut({ color })}
        onChoose=${(color) => actions.choose({ color })} />
      <${Slider} id="hint-size" label="Size" min=${Math.max(0.5, RADIUS.min * shorterSide)} max=${Math.max(2, RADIUS.max * shorterSide)}
        step="any" value=${hint.radius} text="${hint.radius < 10 ? hint.radius.toFixed(1) : Math.round(hint.radius)} px"
        onInput=${(radius) => actions.tryOut({ radius })} onChange=${commit} />
    </fieldset>`;
}

function AllHints({ photo, isEmpty }) {
  const input = useRef();
  const add = useRef();
  const { index, number } = actions.focusWish.value;
  useEffect(() => {
    if (index === null && number > 0) add.current.focus({ preventScroll: true });
  }, [number]);
  const onFile = () => {
    const [file] = input.current.files;
    if (file) actions.loadHints(file);
    input.current.value = "";
  };
  return html`
    <div class="row tight">
      <button type="button" id="add-hint" class="small" aria-label="Add a hint in the center" ref=${add}
        onClick=${() => actions.addDot(photo.width / 2, photo.height / 2)}>Add</button>
      <button type="button" id="remove-hints" class="small" aria-label="Remove all hints" disabled=${isEmpty}
        onClick=${actions.removeHints}>Remove all</button>
      <button type="button" id="save-hints" class="small" aria-label="Save hints as JSON" disabled=${isEmpty}
        onClick=${actions.saveHints}>Save</button>
      <button type="button" id="load-hints" class="small" aria-label="Load hints from JSON" onClick=${() => input.current.click()}>Load</button>
      <input type="file" id="hints-input" ref=${input} accept=".json,application/json" hidden aria-label="Hints file" onChange=${onFile} />
    </div>`;
}

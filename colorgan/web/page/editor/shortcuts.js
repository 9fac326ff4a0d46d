/** Keys of the editor, whatever has the focus; only text fields keep theirs. */

import { isHolding } from "../state/comparison.js";
import { deleteHint, redo, selectHint, undo } from "../state/hint_actions.js";
import { current } from "../state/photos.js";
import { chooseTool, endPicking } from "../state/tools.js";
import { fit, showActualSize, zoomIn, zoomOut } from "../state/viewport.js";
import { TOOLS } from "./toolbar.js";

const TEXT_FIELDS = "textarea, [contenteditable], input:not([type=range], [type=checkbox], [type=radio], [type=color], [type=file])";

const KEYS = {
  "+": zoomIn, "=": zoomIn, "-": zoomOut, 0: fit, 1: () => showActualSize(),
  c: () => { isHolding.value = true; },
  Escape: giveUp, Delete: deleteSelected, Backspace: deleteSelected,
  ...Object.fromEntries(TOOLS.map(({ key, name }) => [key, () => chooseTool(name)])),
};

/** Starts listening; returns what ends it. */
export function listenForKeys() {
  const listeners = new AbortController();
  const options = { signal: listeners.signal };
  document.addEventListener("keydown", onKeyDown, options);
  document.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "c") isHolding.value = false; }, options);
  window.addEventListener("blur", () => { isHolding.value = false; }, options);
  return () => listeners.abort();
}

function onKeyDown(event) {
  if (event.defaultPrevented || event.target.closest?.(TEXT_FIELDS) || document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const isUndo = (event.ctrlKey || event.metaKey) && !event.altKey && (key === "z" || key === "y");
  if (isUndo) {
    event.preventDefault();
    if (key === "y" || event.shiftKey) redo();
    else undo();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || !(key in KEYS)) return;
  if (event.target.closest?.("select") && key.length === 1) return; // there, letters choose
  if (key.length > 1 || !event.repeat || "+=-".includes(key)) KEYS[key](event);
}

function deleteSelected(event) {
  const { selected } = current.value;
  if (selected.value === null) return;
  event.preventDefault();
  deleteHint(selected.value);
}

function giveUp() {
  endPicking(null);
  selectHint(null);
}

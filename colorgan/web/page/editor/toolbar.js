/** The tools, and undo and redo. */

import { html } from "../vendor/preact.js";
import { Icon } from "../components/icons.js";
import { redo, undo } from "../state/hint_actions.js";
import { chooseTool, tool } from "../state/tools.js";

/** Tools with their keys. */
export const TOOLS = [
  { name: "dot", label: "Dot", key: "d", hint: "a dot, whose color spreads" },
  { name: "stroke", label: "Brush", key: "b", hint: "a stroke, whose color spreads" },
  { name: "area", label: "Lasso", key: "l", hint: "an area, filled as it is" },
  { name: "hand", label: "Move", key: "h", hint: "move the photo, select hints" },
];

export function Toolbar({ photo }) {
  return html`
    <div class="toolbar" role="toolbar" aria-label="Tools">
      <div class="tools" role="group" aria-label="Tool">
        ${TOOLS.map(({ name, label, key, hint }) => html`
          <button type="button" id="tool-${name}" class="tool" aria-pressed=${tool.value === name} aria-keyshortcuts=${key}
            title="${label}: ${hint} (${key.toUpperCase()})" onClick=${() => chooseTool(name)}>
            <${Icon} name=${name} /><span>${label}</span></button>`)}
      </div>
      <div class="row tight">
        <button type="button" id="undo" class="borderless icon" aria-label="Undo" title="Undo (Ctrl+Z)" aria-keyshortcuts="Control+Z"
          disabled=${!photo.canUndo.value} onClick=${undo}><${Icon} name="undo" /></button>
        <button type="button" id="redo" class="borderless icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" aria-keyshortcuts="Control+Shift+Z"
          disabled=${!photo.canRedo.value} onClick=${redo}><${Icon} name="redo" /></button>
      </div>
    </div>`;
}

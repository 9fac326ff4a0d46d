/** A text field for a color, as a name or a code; names are completed. */

import { html, useEffect, useSignal } from "../vendor/preact.js";
import { completions, nameOf, parseColor } from "../lib/color_names.js";

/**
 * @param color the color in use, as #rrggbb, or null.
 * @param subject what has the color; another one discards what is typed.
 * @param placeholder shown without a color.
 * @param onChoose called with the color that the user has typed.
 */
export function ColorField({ color, subject, placeholder, onChoose }) {
  const text = useSignal(null); // what is typed, or null
  const problem = useSignal("");
  const active = useSignal(-1); // index of the completion that Enter takes
  const found = text.value === null || problem.value ? [] : completions(text.value);
  const type = (value) => {
    text.value = value;
    problem.value = "";
    active.value = -1;
  };
  useEffect(() => type(null), [color, subject]);
  const choose = (chosen) => {
    type(null);
    onChoose(chosen);
  };
  const submit = () => {
    if (text.value === null) return;
    const typed = text.value.trim();
    const parsed = parseColor(typed);
    if (typed === "") type(null);
    else if (parsed) choose(parsed);
    else problem.value = `“${typed}” is no color known here. Type a name, such as denim or teal, or a code, such as #4f6a8f.`;
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length > 0) {
      active.value = (Math.max(active.value, step < 0 ? 0 : -1) + step + found.length) % found.length;
    } else if (event.key === "Enter") {
      if (found[active.value]) choose(found[active.value].color);
      else submit();
    } else if (event.key === "Escape" && text.value !== null) {
      type(null);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return html`
    <div class="color-field">
      <input type="text" id="color-text" role="combobox" aria-label="Color, as a name or a code" aria-autocomplete="list"
        aria-expanded=${found.length > 0} aria-controls="color-completions" aria-invalid=${problem.value !== ""}
        aria-describedby=${problem.value ? "color-problem" : undefined}
        aria-activedescendant=${found[active.value] ? `color-completion-${active.value}` : undefined} autocomplete="off" autocapitalize="none"
        spellcheck=${false} placeholder=${placeholder} value=${text.value ?? (color && (nameOf(color) ?? color)) ?? ""}
        onFocus=${(event) => event.currentTarget.select()} onInput=${(event) => type(event.currentTarget.value)} onBlur=${submit}
        onKeyDown=${onKeyDown} />
      <ul id="color-completions" role="listbox" aria-label="Colors with this name" hidden=${found.length === 0}>
        ${found.map((entry, index) => html`
          <li id="color-completion-${index}" role="option" aria-selected=${index === active.value} onPointerDown=${(event) => event.preventDefault()}
            onClick=${() => choose(entry.color)}>
            <span class="sample" style=${{ "--color": entry.color }} /> ${entry.name}<span class="muted">${entry.group}</span></li>`)}
      </ul>
      <p id="color-problem" class="problem" role="alert" hidden=${problem.value === ""}>${problem.value}</p>
    </div>`;
}

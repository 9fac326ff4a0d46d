/** The alert for errors, and the status for screen readers. */

import { html } from "../vendor/preact.js";
import { toSentence } from "../lib/text.js";
import { alert, clearError, status } from "../state/messages.js";
import { Icon } from "./icons.js";

export function Messages() {
  return html`
    <div id="alert" role="alert" class="alert" hidden=${alert.value === ""}>
      <p>${toSentence(alert.value || " ")}</p>
      <button type="button" class="borderless icon" aria-label="Close this message" onClick=${clearError}><${Icon} name="close" /></button>
    </div>
    <p id="status" role="status" class="visually-hidden">${status.value}</p>`;
}

/** A question that the user answers before the page goes on. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { question } from "../state/questions.js";

export function Question() {
  const dialog = useRef();
  const open = question.value;
  useEffect(() => {
    if (open) dialog.current.showModal();
    else dialog.current.close();
  }, [open]);
  const answer = (isYes) => question.value?.answer(isYes);
  return html`
    <dialog id="question" ref=${dialog} role="alertdialog" aria-labelledby="question-title" aria-describedby="question-text"
      onCancel=${() => answer(false)}>
      <h2 id="question-title">${open?.title}</h2>
      <p id="question-text">${open?.text}</p>
      <div class="row end">
        <button type="button" id="answer-no" onClick=${() => answer(false)}>${open?.no}</button>
        <button type="button" id="answer-yes" class=${open?.isDangerous ? "primary dangerous" : "primary"} onClick=${() => answer(true)}>
          ${open?.yes}</button>
      </div>
    </dialog>`;
}

/** The dialog with the variants of a photo. */

import { html, useEffect, useRef } from "../vendor/preact.js";
import { toSentence } from "../lib/text.js";
import { closeVariants, pickVariant, showVariants, variants, variantsOf, variantsProblem } from "../state/variants.js";
import { Icon } from "./icons.js";

const COUNT = 6;

export function Variants() {
  const dialog = useRef();
  const photo = variantsOf.value;
  const isOpen = photo !== null;
  useEffect(() => {
    if (isOpen) dialog.current.showModal();
    else dialog.current.close();
  }, [isOpen]);
  const isLoading = isOpen && variants.value.length === 0 && variantsProblem.value === "";
  return html`
    <dialog id="variants" ref=${dialog} aria-labelledby="variants-title" onClose=${closeVariants}>
      <div class="row spread">
        <h2 id="variants-title">Six variants</h2>
        <button type="button" class="borderless icon" aria-label="Close" onClick=${closeVariants}><${Icon} name="close" /></button>
      </div>
      <p class="muted">${isLoading ? "The model is at work…" : "Pick the one to go on with. Undo brings the present one back."}</p>
      ${variantsProblem.value === "" ? html`
        <div class="variants" aria-busy=${isLoading} style=${{ "--aspect-ratio": isOpen ? aspectRatio(photo) : 1 }}>
          ${isLoading ? Array.from({ length: COUNT }, () => html`<div class="variant waiting"><span class="variant-picture" /></div>`)
            : variants.value.map((variant) => html`<${Variant} photo=${photo} variant=${variant} />`)}
        </div>` : html`
        <div role="alert" class="variants-problem">
          <p>${toSentence(variantsProblem.value)}</p>
          <button type="button" onClick=${() => showVariants(photo)}>Try again</button>
        </div>`}
    </dialog>`;
}

function Variant({ photo, variant }) {
  const isPresent = Object.entries(variant.settings).every(([key, value]) => sameSetting(value, photo.settings.value[key]));
  return html`
    <button type="button" class="variant" onClick=${() => pickVariant(variant)}>
      <img class="variant-picture" src=${variant.src} alt="" />
      <span>${variant.label}${isPresent && html` <span class="muted">(now)</span>`}</span>
    </button>`;
}

const sameSetting = (one, two) => JSON.stringify(one) === JSON.stringify(two);

/** Of the pictures: that of the photo, within what a contact sheet has room for. */
const aspectRatio = ({ width, height }) => Math.min(2, Math.max(0.75, width / height));

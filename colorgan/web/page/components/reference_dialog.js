/** The dialog with the reference photo, to pick a color from. */

import { html, signal, useLayoutEffect, useRef } from "../vendor/preact.js";
import { Eyedropper } from "./eyedropper.js";

/** { reference, onPick } while it is open, or null. */
const request = signal(null);

/** Opens the dialog; the function is called with the color, unless the user gives up. */
export function pickFromReference(reference, onPick) {
  request.value = { reference, onPick };
}

const close = () => { request.value = null; };

export function ReferenceDialog() {
  const dialog = useRef();
  const picture = useRef();
  const isOpen = request.value !== null;
  useLayoutEffect(() => { // before the eyedropper measures its place
    if (isOpen) dialog.current.showModal();
    else dialog.current.close();
  }, [isOpen]);
  const onPick = (color) => {
    const { onPick: pick } = request.value;
    close();
    if (color) pick(color);
  };
  const imageAt = (x, y) => ({
    image: request.value.reference.image, x: x / picture.current.clientWidth, y: y / picture.current.clientHeight,
  });
  const image = request.value?.reference.image;
  return html`
    <dialog id="reference-dialog" ref=${dialog} aria-label="Reference photo" onClose=${close}>
      ${isOpen && html`
        <div class="reference-picture" ref=${picture} style=${{ "--aspect-ratio": image.naturalWidth / image.naturalHeight }}>
          <img src=${image.src} alt=${request.value.reference.name} />
          <${Eyedropper} label=${request.value.reference.name} imageAt=${imageAt} onPick=${onPick} />
        </div>`}
    </dialog>`;
}

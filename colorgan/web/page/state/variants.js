/** Six answers to the same photo, from which the user picks one. */

import { batch, signal } from "../vendor/preact.js";
import { decoded } from "../lib/images.js";
import { announce } from "./messages.js";
import { postColorization } from "./references.js";

/** The PhotoDocument whose variants are asked for, or null. */
export const variantsOf = signal(null);

/** List of { label, settings, src }, empty until the server has answered. */
export const variants = signal([]);

/** Why there are none, or "". */
export const variantsProblem = signal("");

let latest = null; // the latest request; answers to earlier ones are ignored

/** Asks for variants of a photo as it is now. */
export async function showVariants(photo) {
  const thisRequest = {};
  latest = thisRequest;
  batch(() => {
    variantsOf.value = photo;
    release(variants.value);
    variants.value = [];
    variantsProblem.value = "";
  });
  const { reference } = photo.settings.value;
  try {
    const response = await postColorization(photo, "variants", { hints: photo.hints.value, ...photo.changedSettings });
    const answer = await response.json();
    const shown = await Promise.all(answer.variants.map(async ({ label, settings, image }) => (
      { label, settings: { ...settings, reference: settings.reference && reference }, src: (await decoded(toBlob(image))).src })));
    if (latest !== thisRequest) {
      release(shown);
      return;
    }
    variants.value = shown;
    announce(`${shown.length} variants`);
  } catch (error) {
    if (latest === thisRequest) variantsProblem.value = error.message;
  }
}

export function closeVariants() {
  latest = null;
  variantsOf.value = null;
  release(variants.value);
  variants.value = [];
}

/** Gives the photo the settings of a variant, as one step of the history. */
export function pickVariant({ label, settings }) {
  const photo = variantsOf.value;
  closeVariants();
  photo.change({ settings });
  photo.commit();
  announce(`${label}: picked`);
}

function release(unused) {
  for (const { src } of unused) URL.revokeObjectURL(src);
}

/** A JPEG out of base64; the content security policy allows no data URLs. */
function toBlob(base64) {
  return new Blob([Uint8Array.from(atob(base64), (character) => character.codePointAt(0))], { type: "image/jpeg" });
}

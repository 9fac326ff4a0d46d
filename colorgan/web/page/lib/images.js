/** Images of the server's answers, and colors picked from them. */

import { toHex } from "./lab.js";

/** Decodes an image, so that showing it does not flicker. */
export async function decoded(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  return image;
}

/** The color of an image, as #rrggbb, at a position given as fractions of its width and height. */
export function colorAt(image, x, y) {
  return meanColor(patchAt(image, x, y, 1), 1);
}

/** The square of an odd number of pixels around a position, as ImageData; it is transparent beyond the edges of the image. */
export function patchAt(image, x, y, size) {
  const context = new OffscreenCanvas(size, size).getContext("2d");
  const [left, top] = [Math.floor(x * image.naturalWidth), Math.floor(y * image.naturalHeight)].map((middle) => middle - (size - 1) / 2);
  context.drawImage(image, -left, -top);
  return context.getImageData(0, 0, size, size);
}

/** The mean color of the middle of a patch, of an odd number of pixels, as #rrggbb; grain and noise are left out that way. */
export function meanColor(patch, size) {
  const sum = [0, 0, 0];
  let count = 0;
  const start = (patch.width - size) / 2;
  for (let row = start; row < start + size; row++) {
    for (let column = start; column < start + size; column++) {
      const [red, green, blue, alpha] = patch.data.subarray(4 * (row * patch.width + column));
      if (alpha < 255) continue;
      [red, green, blue].forEach((value, channel) => { sum[channel] += value; });
      count += 1;
    }
  }
  return toHex(sum.map((value) => value / count));
}

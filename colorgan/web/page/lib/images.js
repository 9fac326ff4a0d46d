/** Images of the server's answers, and colors picked from them. */

import { toHex, toLab } from "./lab.js";

const CHROMA_SIZE = 64; // pixels per side at which the chroma of an image is measured

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

/** The mean color of the middle of a patch, of an odd number of pixels, as #rrggbb, or null beyond the edges; grain and noise are averaged. */
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
  return count > 0 ? toHex(sum.map((value) => value / count)) : null;
}

/** The mean of CIE C*, from 0 for a gray image; of most photos, it is 10 to 40. */
export function meanChroma(image) {
  const context = new OffscreenCanvas(CHROMA_SIZE, CHROMA_SIZE).getContext("2d");
  context.drawImage(image, 0, 0, CHROMA_SIZE, CHROMA_SIZE);
  const { data } = context.getImageData(0, 0, CHROMA_SIZE, CHROMA_SIZE);
  let sum = 0;
  for (let start = 0; start < data.length; start += 4) {
    const [, a, b] = toLab(toHex([...data.subarray(start, start + 3)]));
    sum += Math.hypot(a, b);
  }
  return (4 * sum) / data.length;
}

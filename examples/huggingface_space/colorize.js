// Colorizes a photo at full size with a model of `colorgan export`, as `colorgan colorize` does.
// SPDX-License-Identifier: Apache-2.0

/** Rows of the matrix from linear RGB to XYZ, each relative to white. */
const TO_XYZ = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
].map((row) => row.map((value) => value / (row[0] + row[1] + row[2])));
const TO_RGB = inverse(TO_XYZ);
const KNEE = 6 / 29;
const ONE = 2 ** 22;

/**
 * @param {ort.InferenceSession} session of an .onnx file whose hints are optional, or that takes none
 * @param {function} Tensor the class of onnxruntime-web
 * @param {ImageData} photo of any size; only its lightness counts
 * @param {number} size shorter side of the training photos, in pixels; see trainingSize
 * @returns {Promise<ImageData>} the photo in color
 */
export async function colorize(session, Tensor, photo, size) {
  // 1. The network sees a small copy, whose shorter side has the size of the training photos, and predicts its a* and b*.
  const scale = Math.min(size / Math.min(photo.width, photo.height), (4 * size) / Math.max(photo.width, photo.height));
  const small = shrink(photo, Math.max(1, round(photo.width * scale)), Math.max(1, round(photo.height * scale)));
  const pixels = small.width * small.height;
  const rgb = Float32Array.from({ length: 3 * pixels }, (_, i) => small.data[4 * (i % pixels) + Math.floor(i / pixels)] / 255);
  const { ab } = await session.run({ rgb: new Tensor("float32", rgb, [1, 3, small.height, small.width]) }, ["ab"]);
  return join(photo, small, ab.data);
}

/**
 * The size of the training photos, from the description in the model's metadata, which onnxruntime-web does not show.
 * @param {Uint8Array} model the contents of the .onnx file
 */
export function trainingSize(model) {
  const text = new TextDecoder("latin1").decode(model);
  return Number(/"size": (\d+)/.exec(text.slice(text.lastIndexOf('{"format": ')))[1]);
}

/** Resizes with antialiasing, first in x and then in y, with the rounding of Pillow, which colorgan uses. */
function shrink(photo, width, height) {
  const wide = { width, height: photo.height, data: new Uint8ClampedArray(4 * width * photo.height) };
  const taps = triangles(photo.width, width);
  for (let y = 0; y < photo.height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 4; c++) {
        const { first, weights } = taps[x];
        const sum = weights.reduce((sum, w, i) => sum + w * photo.data[4 * (y * photo.width + first + i) + c], ONE / 2);
        wide.data[4 * (y * width + x) + c] = Math.floor(sum / ONE);
      }
    }
  }
  const small = { width, height, data: new Uint8ClampedArray(4 * width * height) };
  triangles(photo.height, height).forEach(({ first, weights }, y) => {
    for (let i = 0; i < 4 * width; i++) {
      const sum = weights.reduce((sum, w, row) => sum + w * wide.data[4 * width * (first + row) + i], ONE / 2);
      small.data[4 * y * width + i] = Math.floor(sum / ONE);
    }
  });
  return small;
}

/** For each of `count` pixels, the pixels of a longer line that it averages, and their weights, which sum to ONE. */
function triangles(length, count) {
  const scale = length / count;
  const support = Math.max(1, scale);
  return Array.from({ length: count }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(center - support + 0.5));
    const last = Math.min(length, Math.floor(center + support + 0.5));
    const raw = Array.from({ length: last - first }, (_, j) => Math.max(0, 1 - Math.abs(first + j + 0.5 - center) / support));
    const sum = raw.reduce((a, b) => a + b);
    return { first, weights: raw.map((w) => Math.round((w / sum) * ONE)) };
  });
}

/** Joins the chroma of the small copy to the lightness of the photo. */
function join(photo, small, ab) {
  const { width, height } = photo;
  const colorized = new Uint8ClampedArray(4 * width * height).fill(255);
  const guide = lightness(small);
  const light = lightness(photo);
  const columns = nearest(width, small.width);
  const rows = nearest(height, small.height);
  const pixels = small.width * small.height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // 2. Each pixel's a* and b* are a mean over the four nearest small pixels, weighted by how near they are and by how
      //    alike their lightness is, so that colors keep to the edges of the photo (joint bilateral upsampling).
      const f = light[y * width + x];
      let total = 0, a = 0, b = 0;
      for (const [row, nearRow] of rows[y]) {
        for (const [column, nearColumn] of columns[x]) {
          const place = row * small.width + column;
          const alike = 1 + ((f - guide[place]) / (7 / 116)) ** 2;
          const weight = (nearRow * nearColumn) / (alike * alike);
          total += weight;
          a += weight * ab[place];
          b += weight * ab[pixels + place];
        }
      }
      // 3. They join the photo's own lightness. Where that is outside of sRGB, the chroma is reduced by bisection.
      a /= total;
      b /= total;
      let linear = toLinear(f, a, b);
      if (!fits(linear)) {
        let factor = 0;
        for (let step = 0.5; step >= 1 / 512; step /= 2) {
          if (fits(toLinear(f, a * (factor + step), b * (factor + step)))) factor += step;
        }
        linear = toLinear(f, a * factor, b * factor);
      }
      for (let c = 0; c < 3; c++) {
        const value = Math.min(1, Math.max(0, linear[c]));
        const srgb = value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055;
        colorized[4 * (y * width + x) + c] = Math.round(255 * srgb);
      }
    }
  }
  return new ImageData(colorized, width, height);
}

/** CIE f(Y / Yn) = (L* + 16) / 116 of each pixel. */
function lightness({ width, height, data }) {
  const linear = Array.from({ length: 256 }, (_, i) => (i <= 0.04045 * 255 ? i / 255 / 12.92 : ((i / 255 + 0.055) / 1.055) ** 2.4));
  return Float32Array.from({ length: width * height }, (_, i) => {
    const y = [0, 1, 2].reduce((sum, c) => sum + TO_XYZ[1][c] * linear[data[4 * i + c]], 0);
    return y > KNEE ** 3 ? Math.cbrt(y) : y / (3 * KNEE ** 2) + 4 / 29;
  });
}

/** For each of `length` pixels, the two nearest of a shorter line, and how near they are. */
function nearest(length, count) {
  return Array.from({ length }, (_, i) => {
    const position = ((i + 0.5) / length) * count - 0.5;
    const first = Math.floor(position);
    const clip = (index) => Math.min(count - 1, Math.max(0, index));
    return [[clip(first), 1 - (position - first)], [clip(first + 1), position - first]];
  });
}

function toLinear(f, a, b) {
  const xyz = [f + a / 500, f, f - b / 200].map((v) => (v > KNEE ? v ** 3 : 3 * KNEE ** 2 * (v - 4 / 29)));
  return TO_RGB.map((row) => row[0] * xyz[0] + row[1] * xyz[1] + row[2] * xyz[2]);
}

function fits(linear) {
  return linear.every((value) => value > -5e-5 && value < 1 + 5e-5);
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const cofactors = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  const determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0];
  return cofactors.map((row) => row.map((value) => value / determinant));
}

/** Rounds halves to the even number, as Python does. */
function round(value) {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + (down % 2) : Math.round(value);
}

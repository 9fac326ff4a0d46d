/** Colors as #rrggbb in CIE L*a*b* (D65), as the server computes with them. */

/** Linear RGB to XYZ relative to white, and back. */
const TO_XYZ = [[0.4339499, 0.3762098, 0.1898403], [0.2126729, 0.7151521, 0.072175], [0.0177566, 0.109468, 0.8727755]];
const TO_RGB = [[3.0799551, -1.537139, -0.5428161], [-0.9212586, 1.8760111, 0.0452475], [0.0528874, -0.2040259, 1.1511385]];
const DELTA = 6 / 29;
const GAMUT_STEPS = 12;

const multiply = (matrix, vector) => matrix.map((row) => row.reduce((sum, value, index) => sum + value * vector[index], 0));
const toLinear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const toSRGB = (value) => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);
const f = (value) => (value > DELTA ** 3 ? Math.cbrt(value) : value / (3 * DELTA ** 2) + 4 / 29);
const fInverse = (value) => (value > DELTA ? value ** 3 : 3 * DELTA ** 2 * (value - 4 / 29));

/** Red, green and blue of a color, from 0 to 255. */
export function toRGB(color) {
  return [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
}

/** A color from red, green and blue, which are rounded. */
export function toHex(rgb) {
  return `#${rgb.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

/** [L*, a*, b*] of a color. */
export function toLab(color) {
  const [x, y, z] = multiply(TO_XYZ, toRGB(color).map((value) => toLinear(value / 255))).map(f);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function toLinearRGB([lightness, a, b]) {
  const y = (lightness + 16) / 116;
  return multiply(TO_RGB, [y + a / 500, y, y - b / 200].map(fInverse));
}

/** The color of [L*, a*, b*]. If sRGB has no such color, it loses chroma and keeps its lightness and hue. */
export function fromLab([lightness, a, b]) {
  const isInside = (share) => toLinearRGB([lightness, a * share, b * share]).every((value) => value > -1e-4 && value < 1 + 1e-4);
  let [low, high] = isInside(1) ? [1, 1] : [0, 1];
  for (let step = 0; step < GAMUT_STEPS && low < high; step++) {
    const middle = (low + high) / 2;
    if (isInside(middle)) low = middle;
    else high = middle;
  }
  return toHex(toLinearRGB([lightness, a * low, b * low]).map((value) => 255 * toSRGB(Math.min(1, Math.max(0, value)))));
}

/** A color at another L*: what a photo of that lightness shows of it. */
export function atLightness(color, lightness) {
  const [, a, b] = toLab(color);
  return fromLab([lightness, a, b]);
}

/** CIEDE2000 between two colors (Sharma, Wu and Dalal 2005); 1 is just visible, 5 is seen at a glance. */
export function difference(one, two) {
  const [l1, a1, b1] = toLab(one);
  const [l2, a2, b2] = toLab(two);
  const radians = Math.PI / 180;
  const meanC7 = ((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2) ** 7;
  const g = 1.5 - 0.5 * Math.sqrt(meanC7 / (meanC7 + 25 ** 7));
  const [c1, c2] = [Math.hypot(g * a1, b1), Math.hypot(g * a2, b2)];
  const [h1, h2] = [Math.atan2(b1, g * a1), Math.atan2(b2, g * a2)];
  let turn = c1 * c2 === 0 ? 0 : h2 - h1;
  if (Math.abs(turn) > Math.PI) turn -= Math.sign(turn) * 2 * Math.PI;
  const meanH = c1 * c2 === 0 ? h1 + h2 : h1 + turn / 2;
  const [meanL, meanC] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const t = 1 - 0.17 * Math.cos(meanH - 30 * radians) + 0.24 * Math.cos(2 * meanH) + 0.32 * Math.cos(3 * meanH + 6 * radians)
    - 0.2 * Math.cos(4 * meanH - 63 * radians);
  const degrees = (((meanH / radians) % 360) + 360) % 360;
  const rotation = -2 * Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)) * Math.sin(60 * radians * Math.exp(-(((degrees - 275) / 25) ** 2)));
  const dL = (l2 - l1) / (1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2));
  const dC = (c2 - c1) / (1 + 0.045 * meanC);
  const dH = (2 * Math.sqrt(c1 * c2) * Math.sin(turn / 2)) / (1 + 0.015 * meanC * t);
  return Math.sqrt(dL ** 2 + dC ** 2 + dH ** 2 + rotation * dC * dH);
}

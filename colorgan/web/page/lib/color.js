/** Colors as #rrggbb. */

/** CIE L* of a color, from 0 (black) to 100 (white). */
export function lightness(color) {
  const [red, green, blue] = [1, 3, 5].map((start) => linear(parseInt(color.slice(start, start + 2), 16) / 255));
  const y = 0.2126729 * red + 0.7151522 * green + 0.072175 * blue;
  return y > 216 / 24389 ? 116 * Math.cbrt(y) - 16 : (y * 24389) / 27;
}

/** A channel of sRGB without its curve (IEC 61966-2-1). */
function linear(value) {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

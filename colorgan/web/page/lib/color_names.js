/** Typed colors: names with completion, and codes. */

import { CSS_COLORS, cssColor } from "./css_colors.js";
import { EVERYDAY_COLORS } from "./everyday_colors.js";

const MAX_COMPLETIONS = 8;

/** All names, the everyday ones first: { name, color, group }. */
const NAMED = [
  ...EVERYDAY_COLORS.flatMap(({ group, colors }) => Object.entries(colors).map(([name, color]) => ({ name, color, group }))),
  ...CSS_COLORS.map(({ name, color }) => ({ name, color, group: "CSS" })),
];
const NAME_OF = new Map(NAMED.toReversed().map(({ name, color }) => [color, name]));

/** A name as it is compared: "Park bench green" is "park-bench green". */
function normalized(text) {
  return text.toLowerCase().replace(/grey/g, "gray").replace(/[^a-z]/g, "");
}

const BY_NAME = new Map(NAMED.map((entry) => [normalized(entry.name), entry]));

/** The name of a color, or null. */
export function nameOf(color) {
  return NAME_OF.get(color) ?? null;
}

/** The color that a text names: as #rrggbb, or null. Codes may lack their #, and rgb(…) and hsl(…) are understood. */
export function parseColor(text) {
  const trimmed = text.trim().toLowerCase();
  const named = BY_NAME.get(normalized(trimmed));
  if (named && /^[a-z\s’'-]+$/.test(trimmed)) return named.color;
  if (/^#?([0-9a-f]{3}|[0-9a-f]{6})$/.test(trimmed)) return cssColor(trimmed.startsWith("#") ? trimmed : `#${trimmed}`);
  return /^(rgb|hsl|hwb)a?\(/.test(trimmed) ? cssColor(trimmed) : null;
}

/** Named colors that a text may become, the best first: names that begin with it, then those with a word that does,
 * then all with it, and those of a group with it; short ones first. */
export function completions(text) {
  const wanted = normalized(text);
  if (wanted === "" || /\d|#/.test(text)) return [];
  const rank = ({ name, group }) => {
    if (normalized(name).startsWith(wanted)) return 0;
    if (name.split(/[\s-]/).some((word) => normalized(word).startsWith(wanted))) return 1;
    if (normalized(name).includes(wanted)) return 2;
    return normalized(group).includes(wanted) ? 3 : 4;
  };
  const found = NAMED.map((entry) => ({ ...entry, rank: rank(entry) })).filter((entry) => entry.rank < 4);
  return found.sort((one, two) => one.rank - two.rank || one.name.length - two.name.length).slice(0, MAX_COMPLETIONS);
}

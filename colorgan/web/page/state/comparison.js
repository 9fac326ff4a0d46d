/** How much of the original is shown beside the colorized photo. */

import { computed, signal } from "../vendor/preact.js";

const REVEAL_DURATION = 900; // milliseconds

/** Position of the divider in percent of the width, from 0 (all colorized) to 100 (all original). */
export const position = signal(0);

/** Whether the user holds the original in view. */
export const isHolding = signal(false);

/** Position of the divider on the screen: all original while the user holds it. */
export const shownPosition = computed(() => (isHolding.value ? 100 : position.value));

export function moveDivider(percent) {
  position.value = Math.min(100, Math.max(0, percent));
}

/** Slides from the original to the colorized photo; jumps there if the user prefers reduced motion. */
export function reveal() {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    position.value = 0;
    return;
  }
  const start = performance.now();
  const animate = (now) => {
    const remaining = 1 - Math.min(1, (now - start) / REVEAL_DURATION);
    position.value = 100 * remaining ** 3;
    if (remaining > 0) requestAnimationFrame(animate);
  };
  position.value = 100;
  requestAnimationFrame(animate);
}

/** What a pointer on the photo does, and how the next hint will be. */

import { effect, signal } from "../vendor/preact.js";
import { current } from "./photos.js";

/** "dot", "stroke", "area" or "hand". */
export const tool = signal("dot");

/** The next hint. Without a color it takes the one that the photo has there, and without a radius the default of the photo. */
export const brush = signal({ color: null, radius: null, reach: 1, recolor: false });

/** What is being drawn: { kind, points }, in pixels of the photo, or null. */
export const draft = signal(null);

/** Where a mouse is on the photo, in its pixels, or null. */
export const hover = signal(null);

/** A function that gets the color of the next click on the photo, or null. It is called once, and with null if the user gives up. */
export const eyedropper = signal(null);

effect(() => {
  if (current.value) changeBrush({ color: null, radius: null });
});

/** Takes up a tool. What is chosen in the panel is then for the next hint. */
export function chooseTool(name) {
  tool.value = name;
  if (name !== "hand" && current.value) current.value.selected.value = null;
}

export function changeBrush(change) {
  brush.value = { ...brush.peek(), ...change };
}

/** Lets the user pick a color from the photo; resolves with null if they do something else. */
export function pickFromPhoto() {
  endPicking(null);
  return new Promise((resolve) => { eyedropper.value = resolve; });
}

/** Ends picking with a color, or with null. */
export function endPicking(color) {
  eyedropper.value?.(color);
  eyedropper.value = null;
}

/** Picks a color from the photo as it is shown: from the original left of the divider, from the colorized photo right of it. */

import { html, useEffect } from "../vendor/preact.js";
import { Eyedropper } from "../components/eyedropper.js";
import { colorized, original } from "../state/preview.js";
import { endPicking, eyedropper, hover } from "../state/tools.js";
import { place } from "../state/viewport.js";
import { dividerX } from "./comparison.js";

export function StageEyedropper() {
  useEffect(() => () => endPicking(null), []);
  const isPicking = eyedropper.value !== null;
  useEffect(() => {
    if (isPicking) hover.value = null;
  }, [isPicking]);
  return isPicking && html`<${Eyedropper} label="the photo" imageAt=${imageAt} onPick=${endPicking} />`;
}

function imageAt(stageX, stageY) {
  const { left, top, width, height } = place.value;
  const image = stageX < dividerX.value ? original.value : colorized.value;
  const [x, y] = [(stageX - left) / width, (stageY - top) / height];
  return image && x >= 0 && x < 1 && y >= 0 && y < 1 ? { image, x, y } : null;
}

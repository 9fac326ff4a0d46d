/** Shows colors to choose from as a row of buttons. */
export function showSwatches(row, colors, chosen, choose) {
  row.replaceChildren(...colors.map(({ color, reason }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "swatch";
    button.style.setProperty("--dot", color);
    button.title = reason ? `${color}, ${reason}` : color;
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-pressed", color === chosen);
    button.dataset.color = color;
    button.addEventListener("click", () => choose(color));
    return button;
  }));
}

/** Marks the swatch of the color that is chosen. */
export function markSwatch(row, chosen) {
  for (const button of row.children) button.setAttribute("aria-pressed", button.dataset.color === chosen);
}

/** The color of a picture at a place, as #rrggbb. */
export function colorAt(image, shareX, shareY) {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d");
  context.drawImage(image, Math.floor(shareX * image.naturalWidth), Math.floor(shareY * image.naturalHeight), 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

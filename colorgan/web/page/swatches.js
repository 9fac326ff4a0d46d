/** Rows of color swatches, and the color picked from an image. */

/** Fills a row with one button per color. */
export function showSwatches(row, colors, selected, onSelect) {
  row.replaceChildren(...colors.map(({ color, reason }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "swatch";
    button.style.setProperty("--color", color);
    button.title = reason ? `${color}, ${reason}` : color;
    button.setAttribute("aria-label", button.title);
    button.setAttribute("aria-pressed", color === selected);
    button.dataset.color = color;
    button.addEventListener("click", () => onSelect(color));
    return button;
  }));
}

/** Marks the swatch of the selected color. */
export function markSwatch(row, selected) {
  for (const button of row.children) button.setAttribute("aria-pressed", button.dataset.color === selected);
}

/** The color of an image, as #rrggbb, at a position given as fractions of its width and height. */
export function colorAt(image, x, y) {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d");
  context.drawImage(image, Math.floor(x * image.naturalWidth), Math.floor(y * image.naturalHeight), 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** Shows colours to choose from as a row of buttons. */
export function showSwatches(row, colours, chosen, choose) {
  row.replaceChildren(...colours.map(({ color, reason }) => {
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

/** Marks the swatch of the colour that is chosen. */
export function markSwatch(row, chosen) {
  for (const button of row.children) button.setAttribute("aria-pressed", button.dataset.color === chosen);
}

/** The colour of a picture at a place, as #rrggbb. */
export function colourAt(image, shareX, shareY) {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d");
  context.drawImage(image, Math.floor(shareX * image.naturalWidth), Math.floor(shareY * image.naturalHeight), 1, 1, 0, 0, 1, 1);
  const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

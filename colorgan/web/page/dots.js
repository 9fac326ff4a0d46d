/** The dots on the photo: shown, selected, dragged, moved by the keyboard. What they mean is the editor's business. */

const STEP = 0.004; // of the photo's longer side
const LEAP = 0.04;
const STILL = 3; // pixels that a pointer may tremble in a click

export class Dots {
  #layer;
  #size = { width: 1, height: 1 };
  #handlers;
  #dragged = null;

  /**
   * @param layer the element that covers the photo.
   * @param handlers functions: place(x, y), select(index), move(index, x, y), moved(), remove(index).
   */
  constructor(layer, handlers) {
    this.#layer = layer;
    this.#handlers = handlers;
    layer.addEventListener("click", (event) => {
      if (event.target === layer) handlers.place(...this.#inside(...this.#pixels(event)));
    });
  }

  /** Says how large the photo is whose pixels the dots are placed in. */
  set size(size) {
    this.#size = size;
  }

  /** Shows dots; the elements of those that were there stay, so that focus and drags go on. */
  show(dots, selected) {
    const buttons = [...this.#layer.querySelectorAll(".dot")];
    buttons.slice(dots.length).forEach((button) => button.remove());
    dots.forEach((dot, index) => this.#draw(buttons[index] ?? this.#made(index), dot, index, dots.length, index === selected));
    this.#layer.querySelector(".reach")?.remove();
    if (dots[selected]) this.#layer.append(this.#reach(dots[selected]));
  }

  focus(index) {
    this.#layer.querySelectorAll(".dot")[index]?.focus({ preventScroll: true });
  }

  #made(index) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "dot";
    button.addEventListener("focus", () => this.#handlers.select(index));
    button.addEventListener("click", () => this.#handlers.select(index));
    button.addEventListener("keydown", (event) => this.#key(event, index));
    button.addEventListener("pointerdown", (event) => this.#grab(event, index));
    button.addEventListener("pointermove", (event) => this.#drag(event, index));
    button.addEventListener("lostpointercapture", () => this.#release());
    this.#layer.append(button);
    return button;
  }

  #draw(button, dot, index, count, selected) {
    button.style.left = `${(100 * dot.x) / this.#size.width}%`;
    button.style.top = `${(100 * dot.y) / this.#size.height}%`;
    button.style.setProperty("--dot", dot.color);
    button.setAttribute("aria-pressed", selected);
    button.setAttribute("aria-label", `Hint ${index + 1} of ${count}: ${dot.color} at ${Math.round(dot.x)}, ${Math.round(dot.y)}`);
    button.dataset.x = dot.x;
    button.dataset.y = dot.y;
  }

  #reach(dot) {
    const ring = document.createElement("div");
    ring.className = "reach";
    ring.style.left = `${(100 * dot.x) / this.#size.width}%`;
    ring.style.top = `${(100 * dot.y) / this.#size.height}%`;
    ring.style.width = `${(200 * dot.radius) / this.#size.width}%`;
    return ring;
  }

  #pixels(event) {
    const box = this.#layer.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.#size.width,
      ((event.clientY - box.top) / box.height) * this.#size.height,
    ];
  }

  /** The nearest place that lies on the photo, to a tenth of a pixel. */
  #inside(x, y) {
    const within = (value, length) => Math.max(0, Math.min(Math.round(value * 10) / 10, length - 0.1));
    return [within(x, this.#size.width), within(y, this.#size.height)];
  }

  #grab(event, index) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const [x, y] = this.#pixels(event);
    const { x: left, y: top } = event.currentTarget.dataset;
    this.#dragged = { index, dx: left - x, dy: top - y, clientX: event.clientX, clientY: event.clientY, moving: false };
  }

  #drag(event, index) {
    const drag = this.#dragged;
    if (drag?.index !== index) return;
    drag.moving ||= Math.hypot(event.clientX - drag.clientX, event.clientY - drag.clientY) > STILL;
    if (!drag.moving) return;
    const [x, y] = this.#pixels(event);
    this.#handlers.move(index, ...this.#inside(x + drag.dx, y + drag.dy));
  }

  #release() {
    const moved = this.#dragged?.moving;
    this.#dragged = null;
    if (moved) this.#handlers.moved();
  }

  #key(event, index) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      this.#handlers.remove(index);
      return;
    }
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const { x, y } = event.currentTarget.dataset;
    const step = Math.max(this.#size.width, this.#size.height) * (event.shiftKey ? LEAP : STEP);
    this.#handlers.move(index, ...this.#inside(Number(x) + direction[0] * step, Number(y) + direction[1] * step));
    this.#handlers.moved();
  }
}

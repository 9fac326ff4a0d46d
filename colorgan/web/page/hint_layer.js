/** The hints on the photo: draws them, and lets users select, drag, and move them with the keyboard. */

const STEP = 0.004; // of the photo's longer side
const LARGE_STEP = 0.04;
const DRAG_THRESHOLD = 3; // pixels

export class HintLayer {
  #layer;
  #size = { width: 1, height: 1 };
  #handlers;
  #dragged = null;

  /**
   * @param layer the element that covers the photo.
   * @param handlers callbacks: add(x, y), select(index), move(index, x, y), commit(), remove(index).
   */
  constructor(layer, handlers) {
    this.#layer = layer;
    this.#handlers = handlers;
    layer.addEventListener("click", (event) => {
      if (event.target === layer) handlers.add(...this.#clamp(...this.#toPixels(event)));
    });
  }

  /** Size of the photo, in whose pixels the positions of hints are given. */
  set size(size) {
    this.#size = size;
  }

  /** Shows hints. Existing buttons are reused, so that focus and drags are kept. */
  show(hints, selected) {
    const buttons = [...this.#layer.querySelectorAll(".hint")];
    buttons.slice(hints.length).forEach((button) => button.remove());
    hints.forEach((hint, index) => this.#draw(buttons[index] ?? this.#createButton(index), hint, index, hints.length, index === selected));
    this.#layer.querySelector(".hint-radius")?.remove();
    if (hints[selected]) this.#layer.append(this.#createRadius(hints[selected]));
  }

  focus(index) {
    this.#layer.querySelectorAll(".hint")[index]?.focus({ preventScroll: true });
  }

  #createButton(index) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "hint";
    button.addEventListener("focus", () => this.#handlers.select(index));
    button.addEventListener("click", () => this.#handlers.select(index));
    button.addEventListener("keydown", (event) => this.#handleKey(event, index));
    button.addEventListener("pointerdown", (event) => this.#startDrag(event, index));
    button.addEventListener("pointermove", (event) => this.#drag(event, index));
    button.addEventListener("lostpointercapture", () => this.#endDrag());
    this.#layer.append(button);
    return button;
  }

  #draw(button, hint, index, count, selected) {
    button.style.left = `${(100 * hint.x) / this.#size.width}%`;
    button.style.top = `${(100 * hint.y) / this.#size.height}%`;
    button.style.setProperty("--color", hint.color);
    button.setAttribute("aria-pressed", selected);
    button.setAttribute("aria-label", `Hint ${index + 1} of ${count}: ${hint.color} at ${Math.round(hint.x)}, ${Math.round(hint.y)}`);
    button.dataset.x = hint.x;
    button.dataset.y = hint.y;
  }

  #createRadius(hint) {
    const ring = document.createElement("div");
    ring.className = "hint-radius";
    ring.style.left = `${(100 * hint.x) / this.#size.width}%`;
    ring.style.top = `${(100 * hint.y) / this.#size.height}%`;
    ring.style.width = `${(200 * hint.radius) / this.#size.width}%`;
    return ring;
  }

  /** Position of a pointer event, in pixels of the photo. */
  #toPixels(event) {
    const box = this.#layer.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * this.#size.width,
      ((event.clientY - box.top) / box.height) * this.#size.height,
    ];
  }

  /** Rounds a position to a tenth of a pixel, and moves it inside the photo. */
  #clamp(x, y) {
    const clamp = (value, length) => Math.max(0, Math.min(Math.round(value * 10) / 10, length - 0.1));
    return [clamp(x, this.#size.width), clamp(y, this.#size.height)];
  }

  #startDrag(event, index) {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const [x, y] = this.#toPixels(event);
    const { x: left, y: top } = event.currentTarget.dataset;
    this.#dragged = { index, dx: left - x, dy: top - y, clientX: event.clientX, clientY: event.clientY, moved: false };
  }

  #drag(event, index) {
    const drag = this.#dragged;
    if (drag?.index !== index) return;
    drag.moved ||= Math.hypot(event.clientX - drag.clientX, event.clientY - drag.clientY) > DRAG_THRESHOLD;
    if (!drag.moved) return;
    const [x, y] = this.#toPixels(event);
    this.#handlers.move(index, ...this.#clamp(x + drag.dx, y + drag.dy));
  }

  #endDrag() {
    const moved = this.#dragged?.moved;
    this.#dragged = null;
    if (moved) this.#handlers.commit();
  }

  #handleKey(event, index) {
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
    const step = Math.max(this.#size.width, this.#size.height) * (event.shiftKey ? LARGE_STEP : STEP);
    this.#handlers.move(index, ...this.#clamp(Number(x) + direction[0] * step, Number(y) + direction[1] * step));
    this.#handlers.commit();
  }
}

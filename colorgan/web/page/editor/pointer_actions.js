/** What a pointer on the stage does from the moment it is down: draw, move a hint, pan or pinch. */

import { boundsOf, covers } from "../lib/hint_geometry.js";
import * as actions from "../state/hint_actions.js";
import { draft } from "../state/tools.js";
import { fit, fitScale, panBy, place, putAt, toPhoto } from "../state/viewport.js";

const MIN_AREA = 8; // CSS pixels; a smaller lasso is a slip

/** A press that is a tap until it has moved. */
class Press {
  hasMoved = false;

  constructor(start) {
    this.start = start;
  }

  move(point, previous, points) {
    const [x, y] = this.start.point;
    if (!this.hasMoved && Math.hypot(point[0] - x, point[1] - y) <= this.start.threshold) return;
    if (!this.hasMoved) this.start.flush();
    this.hasMoved = true;
    this.drag(point, previous, points);
  }

  end() {
    if (this.hasMoved) this.drop();
    else this.start.tap(() => this.tapped());
  }

  drag() {}
  drop() {}
  tapped() {}
  cancel() {}
}

export class DrawDot extends Press {
  constructor(start) {
    super(start);
    this.point = toPhoto(start.point);
    draft.value = { kind: "dot", points: [this.point] };
  }

  drag(point) {
    this.point = toPhoto(point);
    draft.value = { kind: "dot", points: [this.point] };
  }

  drop() {
    draft.value = null;
    actions.addHint("dot", [this.point]);
  }

  tapped() {
    this.drop();
  }

  cancel() {
    draft.value = null;
  }
}

export class DrawStroke extends Press {
  kind = "stroke";

  constructor(start) {
    super(start);
    this.points = [toPhoto(start.point)];
    draft.value = { kind: "stroke", points: this.points };
  }

  drag(point, previous, points) {
    this.points = [...this.points, ...points.map(toPhoto)];
    draft.value = { kind: this.kind, points: this.points };
  }

  drop() {
    draft.value = null;
    actions.addHint(this.kind, this.points);
  }

  tapped() {
    draft.value = null;
    actions.addHint("dot", this.points);
  }

  cancel() {
    draft.value = null;
  }
}

export class DrawArea extends DrawStroke {
  kind = "area";

  drop() {
    const [left, top, right, bottom] = boundsOf({ area: this.points });
    if (Math.min(right - left, bottom - top) * place.value.scale >= MIN_AREA) super.drop();
    else this.cancel();
  }

  tapped() {
    this.cancel();
  }
}

export class MoveHint extends Press {
  constructor(start, photo, index) {
    super(start);
    this.photo = photo;
    this.index = index;
    this.hint = photo.hints.value[index];
    actions.focusHint(index);
    actions.selectHint(index);
  }

  drag(point) {
    const { scale } = place.value;
    actions.moveHint(this.index, this.hint, (point[0] - this.start.point[0]) / scale, (point[1] - this.start.point[1]) / scale);
  }

  drop() {
    this.photo.commit();
  }

  cancel() {
    if (this.hasMoved) this.photo.changeHint(this.index, this.hint);
  }
}

/** Pans; a tap selects the hint under it, or none. */
export class Pan extends Press {
  constructor(stage, start = { point: [-Infinity, 0], threshold: 0, flush() {}, tap() {} }, photo = null) {
    super(start);
    this.photo = photo;
    this.stage = stage;
    stage.classList.add("panning");
  }

  drag(point, previous) {
    panBy(point[0] - previous[0], point[1] - previous[1]);
  }

  end() {
    this.cancel();
    super.end();
  }

  tapped() {
    const point = toPhoto(this.start.point);
    const tolerance = this.start.threshold / place.value.scale;
    actions.selectHint(this.photo.hints.value.findLastIndex((hint) => covers(hint, point, this.photo.radius, tolerance)));
  }

  cancel() {
    this.stage.classList.remove("panning");
  }
}

/** Two fingers: what was between them stays there. */
export class Pinch {
  #pointers;
  #start;

  constructor(pointers) {
    this.#pointers = pointers;
    const { center, distance } = this.#measure();
    this.#start = { distance, scale: place.value.scale, point: toPhoto(center) };
  }

  move() {
    const { center, distance } = this.#measure();
    putAt((this.#start.scale * distance) / this.#start.distance, this.#start.point, center);
  }

  end() {
    if (place.value.scale <= fitScale.value) fit();
  }

  cancel() {
    this.end();
  }

  #measure() {
    const [[x0, y0], [x1, y1]] = this.#pointers.values();
    return { center: [(x0 + x1) / 2, (y0 + y1) / 2], distance: Math.max(1, Math.hypot(x1 - x0, y1 - y0)) };
  }
}

/** Geometry of hints, in pixels of the photo. Points are [x, y]. */

/** "dot", "stroke" or "area". */
export function kindOf(hint) {
  if (hint.stroke) return "stroke";
  return hint.area ? "area" : "dot";
}

/** Points of the mark: one of a dot, all of a stroke or an area. */
export function pointsOf(hint) {
  return hint.stroke ?? hint.area ?? [[hint.x, hint.y]];
}

/** Where the marker of a hint is: on the dot, in the middle of the stroke, inside the area. */
export function anchorOf(hint) {
  const points = pointsOf(hint);
  if (hint.area) {
    const center = centroid(points);
    return isInside(points, center) ? center : points[0];
  }
  return points[Math.floor(points.length / 2)];
}

/** The box around a hint: [left, top, right, bottom]. */
export function boundsOf(hint) {
  const xs = pointsOf(hint).map(([x]) => x);
  const ys = pointsOf(hint).map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** What changes in a hint that is moved; it stays completely inside the photo. */
export function moved(hint, dx, dy, photo) {
  const [left, top, right, bottom] = boundsOf(hint);
  const [x, y] = [clamp(dx, -left, photo.width - MARGIN - right), clamp(dy, -top, photo.height - MARGIN - bottom)];
  const shift = (points) => points.map(([px, py]) => inside([px + x, py + y], photo));
  if (hint.stroke) return { stroke: shift(hint.stroke) };
  if (hint.area) return { area: shift(hint.area) };
  const [[newX, newY]] = shift([[hint.x, hint.y]]);
  return { x: newX, y: newY };
}

const MARGIN = 0.1; // a point on the right or lower edge would be outside

/** Rounds a point to a tenth of a pixel, and moves it inside the photo. */
export function inside([x, y], { width, height }) {
  return [clamp(round(x), 0, round(width - MARGIN)), clamp(round(y), 0, round(height - MARGIN))];
}

/** Leaves out points that change a line by less than the tolerance (Douglas and Peucker 1973). */
export function simplified(points, tolerance) {
  if (points.length < 3) return points;
  const [first, last] = [points[0], points.at(-1)];
  let farthest = 0;
  let distance = 0;
  points.forEach((point, index) => {
    const d = distanceToSegment(point, first, last);
    if (d > distance) [farthest, distance] = [index, d];
  });
  if (distance <= tolerance) return [first, last];
  return [...simplified(points.slice(0, farthest + 1), tolerance).slice(0, -1), ...simplified(points.slice(farthest), tolerance)];
}

/** Whether a mark covers a point, with some tolerance around it. */
export function covers(hint, point, defaultRadius, tolerance) {
  const points = pointsOf(hint);
  if (hint.area && isInside(points, point)) return true;
  const reach = (hint.area ? 0 : hint.radius ?? defaultRadius) + tolerance;
  return points.some((start, index) => distanceToSegment(point, start, points[index + 1] ?? start) <= reach);
}

/** A path of SVG through points. */
export function svgPath(points, isClosed) {
  const line = points.map(([x, y]) => `${x} ${y}`).join("L");
  return points.length === 1 ? `M${line}h0` : `M${line}${isClosed ? "Z" : ""}`;
}

function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function distanceToSegment([x, y], [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const part = length > 0 ? clamp(((x - x0) * dx + (y - y0) * dy) / length, 0, 1) : 0;
  return Math.hypot(x - x0 - part * dx, y - y0 - part * dy);
}

/** Whether a point is inside of a polygon, by the even-odd rule. */
function isInside(points, [x, y]) {
  let isOdd = false;
  points.forEach(([x0, y0], index) => {
    const [x1, y1] = points.at(index - 1);
    if ((y0 > y) !== (y1 > y) && x < x0 + ((y - y0) * (x1 - x0)) / (y1 - y0)) isOdd = !isOdd;
  });
  return isOdd;
}

function centroid(points) {
  let [area, cx, cy] = [0, 0, 0];
  points.forEach(([x0, y0], index) => {
    const [x1, y1] = points.at(index - 1);
    const cross = x1 * y0 - x0 * y1;
    area += cross;
    cx += (x0 + x1) * cross;
    cy += (y0 + y1) * cross;
  });
  return Math.abs(area) < 1e-9 ? points[0] : [cx / (3 * area), cy / (3 * area)];
}

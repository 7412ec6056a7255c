// Where the other two planes cut this one: a quiet pair of lines with a gap in the middle. Dragging it takes all planes along.

import { orderOf, voxelAt } from "./plane.mjs";

const GAP_PX = 10;

const SVG = "http://www.w3.org/2000/svg";

export class Crosshair {
  constructor(viewport) {
    this.viewport = viewport;
    this.node = document.createElementNS(SVG, "svg");
    this.node.setAttribute("class", "vx-crosshair");
    this.node.setAttribute("aria-hidden", "true");
    this.lines = ["vx-crosshair-under", "vx-crosshair-line"].map((name) => this.#line(name));
    viewport.stage.append(this.node);
  }

  close() {
    this.node.remove();
  }

  /** Follow the view. */
  update() {
    const { session, view } = this.viewport;
    const { layout, isCrosshairShown, indices } = session.state;
    const isShown = Boolean(view && isCrosshairShown && layout === "three");
    this.node.toggleAttribute("data-off", !isShown);
    if (!isShown) return;
    const path = crossPath(view, indices);
    if (this.path === path) return;
    this.path = path;
    for (const line of this.lines) line.setAttribute("d", path);
  }

  /** Give the gesture (see pointer.mjs) that drags the crosshair, from a contact {place: {row, col}}. */
  press(contact) {
    this.#go(contact);
    return { name: "crosshair", move: (contacts) => this.#go(contacts.at(-1)), end() {}, cancel() {} };
  }

  #line(name) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return this.node.appendChild(path);
  }

  #go({ place: { row, col } }) {
    const { view, axis, index, session } = this.viewport;
    const { rows, cols } = view.extent;
    session.goTo(voxelAt(axis, index, clamp(Math.floor(row), rows), clamp(Math.floor(col), cols)));
  }
}

const clamp = (value, length) => Math.min(length - 1, Math.max(0, value));

/** Give the SVG path of the two lines through the middle of a voxel; they end where the image does. */
export function crossPath(view, voxel) {
  const { row, col } = orderOf(view.axis);
  const { rows, cols } = view.extent;
  const x = Math.round(view.x(voxel[col] + 0.5)) + 0.5;
  const y = Math.round(view.y(voxel[row] + 0.5)) + 0.5;
  const [left, right] = ends(view.x(0), view.x(cols), x, view.screen.width);
  const [top, bottom] = ends(view.y(0), view.y(rows), y, view.screen.height);
  const lines = [
    [left, Math.min(right, x - GAP_PX), (from, to) => `M${from} ${y}H${to}`],
    [Math.max(left, x + GAP_PX), right, (from, to) => `M${from} ${y}H${to}`],
    [top, Math.min(bottom, y - GAP_PX), (from, to) => `M${x} ${from}V${to}`],
    [Math.max(top, y + GAP_PX), bottom, (from, to) => `M${x} ${from}V${to}`],
  ];
  return lines.map(([from, to, draw]) => (from < to ? draw(from, to) : "")).join("");
}

// A plane thinner than the cross itself must not hide it.
const ends = (from, to, at, length) => [Math.max(0, Math.min(Math.round(from), at - 3 * GAP_PX)), Math.min(length, Math.max(Math.round(to), at + 3 * GAP_PX))];

// The frame around the place that is reviewed, on the large plane; what lies outside stays as bright as it is.

import { rectOf } from "./plane.mjs";
import { currentPlace } from "./review.mjs";

const SVG = "http://www.w3.org/2000/svg";

const KEYS = ["review", "place", "axis", "indices", "zoom", "center", "screen", "info"];

// Corners are drawn, sides are not: they would lie on what is to be judged.
const CORNER = 0.2;

export class ReviewFrame {
  constructor(viewport) {
    this.viewport = viewport;
    this.node = document.createElementNS(SVG, "svg");
    this.node.setAttribute("class", "vx-review-frame");
    this.node.setAttribute("aria-hidden", "true");
    this.lines = ["vx-review-under", "vx-review-line"].map((name) => this.#line(name));
    viewport.stage.append(this.node);
    const end = viewport.session.watch(KEYS, () => this.#schedule());
    this.end = () => (end(), cancelAnimationFrame(this.frame), this.node.remove());
  }

  #schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#update();
    });
  }

  #update() {
    const { view, axis, index, session } = this.viewport;
    const entry = currentPlace(session.state);
    const rect = view && entry?.place.axis === axis ? rectOf(axis, index, entry.place.box) : null;
    this.node.toggleAttribute("data-off", !rect);
    this.node.dataset.place = rect ? entry.id : "";
    for (const line of this.lines) line.setAttribute("d", rect ? framePath(view, rect) : "");
  }

  #line(name) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", name);
    return this.node.appendChild(path);
  }
}

/** Give the SVG path of the four corners of a rectangle of voxels. */
export function framePath(view, { r0, r1, c0, c1 }) {
  const [left, right] = [view.x(c0), view.x(c1)].map(Math.round);
  const [top, bottom] = [view.y(r0), view.y(r1)].map(Math.round);
  const length = Math.round(CORNER * Math.min(right - left, bottom - top));
  const corner = (x, y, dx, dy) => `M${x + dx * length} ${y}H${x}V${y + dy * length}`;
  return corner(left, top, 1, 1) + corner(right, top, -1, 1) + corner(left, bottom, 1, -1) + corner(right, bottom, -1, -1);
}

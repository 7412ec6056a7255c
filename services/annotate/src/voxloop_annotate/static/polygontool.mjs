// Polygon: points one by one, closed with enter, a double click or a click on the first; it stays on the slice it was begun on.

import { paintArea } from "./area.mjs";
import { planeOf } from "./contact.mjs";
import { paintSettings } from "./options.mjs";
import { extentOf } from "./plane.mjs";
import { fillPolygon, pathOf } from "./polygon.mjs";

const OPTIONS = ["reach", "slices", "isErasing", "overwrite"];

export const polygon = {
  name: "polygon",
  label: "Polygon",
  key: "n",
  icon: "polygon",
  hint: "click points · enter closes · backspace takes one back · esc drops",
  options: OPTIONS,
  make: (viewport) => new PolygonTool(viewport),
};

const NEAR_PX = 8;

const DOUBLE_MS = 400;

class PolygonTool {
  constructor(viewport) {
    Object.assign(this, { viewport, draft: null, last: null });
  }

  press(contact) {
    const draft = this.#draft();
    if (paintSettings(this.viewport.session.state, "polygon").value === null) return void this.viewport.session.say("add a class first");
    if (draft && !this.#isHere()) return void this.viewport.session.say(`the polygon is on ${draft.plane.axis} ${draft.plane.index}: enter closes it there, esc drops it`);
    if (this.#isClosing(contact)) return void this.#close();
    this.last = contact;
    if (draft) draft.points.push(contact.place);
    else this.#begin(contact.place);
    const { points } = this.draft;
    return {
      name: "draw",
      move: (contacts) => (points[points.length - 1] = contacts.at(-1).place),
      end: () => {},
      cancel: () => this.removeLast(),
    };
  }

  marks(contact) {
    if (!this.#draft() || !this.#isHere()) return [];
    const { points } = this.draft;
    const ahead = contact ? [...points, contact.place] : points;
    return [
      { kind: "area", d: pathOf(ahead, true) },
      { kind: "line", d: pathOf(ahead, false) },
      { kind: "dots", d: points.map((point) => `${pathOf([point], false)}h0`).join("") },
    ];
  }

  /** Take the last point back. */
  removeLast() {
    this.draft?.points.pop();
    if (!this.draft?.points.length) this.drop();
    else this.#tell();
  }

  /** Forget the polygon. */
  drop() {
    this.draft = null;
    this.viewport.session.set({ draft: null });
  }

  #begin(place) {
    this.viewport.session.state.draft?.drop();
    this.draft = { plane: planeOf(this.viewport), volume: this.viewport.session.state.volume, points: [place] };
    this.#tell();
  }

  // A new object each time, so that those who draw it hear of every point.
  #tell() {
    this.viewport.session.set({ draft: { name: "polygon", close: () => this.#close(), removeLast: () => this.removeLast(), drop: () => this.drop() } });
  }

  #close() {
    if (!this.#draft()) return undefined;
    const { plane, points } = this.draft;
    this.drop();
    if (points.length < 3) return this.viewport.session.say("a polygon has three points or more");
    const { rows, cols } = extentOf(plane.axis, this.viewport.session.state.info.shape);
    return paintArea(this.viewport, plane, fillPolygon(points, rows, cols), "polygon");
  }

  #draft() {
    if (this.draft && this.draft.volume !== this.viewport.session.state.volume) this.drop();
    return this.draft;
  }

  #isHere() {
    const { axis, index } = planeOf(this.viewport);
    return this.draft.plane.axis === axis && this.draft.plane.index === index;
  }

  #isClosing({ point, time }) {
    if (!this.draft) return false;
    const { view } = this.viewport;
    const [first] = this.draft.points;
    const isNear = (x, y) => Math.hypot(point.x - x, point.y - y) <= NEAR_PX;
    if (this.draft.points.length >= 3 && isNear(view.x(first.col), view.y(first.row))) return true;
    return time - this.last.time <= DOUBLE_MS && isNear(this.last.point.x, this.last.point.y);
  }
}

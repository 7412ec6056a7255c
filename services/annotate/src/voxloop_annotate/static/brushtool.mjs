// Brush and eraser: what is under the tip on its way, on this slice or in 3D, everywhere or where the intensity fits.

import { sweepBrush, sweepDisc } from "./brush.mjs";
import { finePatch, intensityAt, planeOf } from "./contact.mjs";
import { IntensityFilter, rangeOf } from "./intensityfilter.mjs";
import { diameterOf, paintSettings } from "./options.mjs";
import { pathOf } from "./polygon.mjs";
import { Reach } from "./reach.mjs";
import { gridOf } from "./session.mjs";
import { outlineSpans } from "./spans.mjs";

const OPTIONS = ["size", "unit", "hasPressure", "reach", "slices", "threshold", "low", "high", "window", "tolerance", "overwrite"];

export const brush = { name: "brush", label: "Brush", key: "b", icon: "brush", hint: "", options: OPTIONS, make: (viewport) => new BrushTool(viewport, "brush") };

export const erase = { name: "erase", label: "Eraser", key: "e", icon: "erase", hint: "", options: OPTIONS, make: (viewport) => new BrushTool(viewport, "erase") };

// The lightest touch of a pen still paints with this share of the size.
const LEAST_PRESSURE = 0.2;

/** A round tip; `plan` says what it paints. */
export class BrushTool {
  constructor(viewport, name) {
    Object.assign(this, { viewport, name, ghost: null });
  }

  press(contact) {
    const { session } = this.viewport;
    const plane = planeOf(this.viewport);
    const plan = this.plan(contact);
    if (!plan) return null;
    const { settings, filter, reach } = plan;
    const live = this.viewport.beginStroke(settings);
    if (!live) return void session.say(settings.value === null ? "add a class first" : "this slice is still loading");
    live.extend(reach, filter);
    this.ghost = filter && !filter.knows(plane) ? { plane, points: [contact.place] } : null;
    const sweep = new Sweep(this.viewport, live, (at) => this.#diameter(at));
    sweep.to(contact);
    return {
      name: "paint",
      move: (contacts) => this.#move(sweep, contacts),
      end: () => this.#end(live, true),
      cancel: () => this.#end(live, false),
    };
  }

  /** Give {settings, filter, reach} of a stroke that begins at a contact; null, and say why, where none can. */
  plan(contact) {
    const { session } = this.viewport;
    const { options, info } = session.state;
    const plane = planeOf(this.viewport);
    const range = rangeOf(options, intensityAt(this.viewport, contact.place));
    if (options.threshold === "relative" && !range) return void session.say("start on the image: the brush paints what is like the place where it starts");
    const filter = range && new IntensityFilter(range, finePatch(this.viewport), plane);
    return { settings: paintSettings(session.state, this.name, range), filter, reach: new Reach(options.reach, options.slices, plane, gridOf(info)) };
  }

  #end(live, isKept) {
    if (!isKept || !live.rect) this.ghost = null;
    this.viewport.annotation.end(live, isKept);
  }

  /** Give what to draw over the plane for a pointer at `contact` (null: elsewhere). */
  marks(contact) {
    const marks = this.#isGhostHere() ? [this.#ghostMark()] : [];
    if (!contact) return marks;
    const { extent, aspect } = this.viewport.view;
    const spans = sweepBrush(contact.place, contact.place, this.#diameter(contact), aspect, extent.rows, extent.cols);
    return [...marks, { kind: "line", d: outlineSpans(spans), isDashed: this.name === "erase" }];
  }

  #move(sweep, contacts) {
    for (const contact of contacts) sweep.to(contact);
    this.ghost?.points.push(...contacts.map(({ place }) => place));
  }

  #diameter({ pressure = null }) {
    const { state } = this.viewport.session;
    const size = diameterOf(state, this.viewport.view.zoom);
    if (pressure === null || !state.options.hasPressure) return size;
    return size * (LEAST_PRESSURE + (1 - LEAST_PRESSURE) * pressure);
  }

  // Where only the server knows the intensities, the stroke's way stays on the screen until the answer is there.
  #isGhostHere() {
    if (!this.ghost) return false;
    const { isPainting, pendingStrokes } = this.viewport.session.state;
    if (!isPainting && pendingStrokes) this.ghost.isSent = true;
    if (this.ghost.isSent && !pendingStrokes) this.ghost = null;
    const here = planeOf(this.viewport);
    return this.ghost?.plane.axis === here.axis && this.ghost.plane.index === here.index;
  }

  #ghostMark() {
    const { zoom } = this.viewport.view;
    return { kind: "ghost", d: `${pathOf(this.ghost.points, false)}h0`, width: Math.max(1, diameterOf(this.viewport.session.state, zoom) * zoom) };
  }
}

/** The brush on its way: adds to a live stroke what lies between one contact and the next. */
class Sweep {
  constructor(viewport, live, diameterAt) {
    Object.assign(this, { viewport, live, diameterAt, tip: null });
  }

  to(contact) {
    const { extent, aspect } = this.viewport.view;
    const from = this.tip ?? contact.place;
    const diameter = this.diameterAt(contact);
    const spans = sweepBrush(from, contact.place, diameter, aspect, extent.rows, extent.cols);
    this.tip = contact.place;
    if (!spans.length) return;
    this.live.reach.discs(diameter).forEach((disc, i) => this.live.addSide(i + 1, sweepDisc(from, contact.place, disc, aspect, extent.rows, extent.cols)));
    this.viewport.extendStroke(this.live, spans);
  }
}

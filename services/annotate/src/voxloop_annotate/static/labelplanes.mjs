// The labels as the user sees them: what the server said (truth) with the strokes on top that it has not yet acknowledged.
// Painting never waits for the network, and a refused stroke disappears without asking anyone.

import { rectOf } from "./plane.mjs";

export class LabelPlanes {
  /** `fetchPlane(axis, index)` gives {data, rows, cols}; `cache` bounds the planes kept; `changed(plane, rect)` is told of repaints (rect null: all). */
  constructor(fetchPlane, cache, changed = () => {}) {
    Object.assign(this, { fetchPlane, cache, changed });
    this.pending = [];
    this.acknowledged = [];
    this.flights = new Map();
    this.clock = 0;
  }

  /** Give the plane if it is known, up to date or not. */
  peek(axis, index) {
    return this.cache.get(`${axis}${index}`);
  }

  /** Give the plane, fetched if it is unknown or was changed by someone else. */
  load(axis, index) {
    const plane = this.peek(axis, index);
    if (plane && !plane.isStale) return Promise.resolve(plane);
    const key = `${axis}${index}`;
    if (!this.flights.has(key)) this.#start(key, axis, index);
    return this.flights.get(key);
  }

  /** Count on a stroke that is being drawn: it stays visible if its plane is fetched meanwhile. */
  begin(live) {
    this.pending.push(live);
  }

  /** Put the finished stroke (null: nothing) in the place of the live one, on every known plane it meets; its own shows it already. */
  finish(live, stroke) {
    this.pending = this.pending.filter((each) => each !== live);
    if (!stroke) return;
    this.pending.push(stroke);
    this.#eachMet(stroke.box, (plane) => {
      if (!live.isOn(plane)) this.changed(plane, stroke.applyTo(writable(plane), plane));
    });
  }

  /** Show a stroke that was not drawn live: a shape, or one that an earlier page could not send. */
  add(stroke) {
    this.pending.push(stroke);
    this.#eachMet(stroke.box, (plane) => this.changed(plane, stroke.applyTo(writable(plane), plane)));
  }

  /** The server has the stroke: it becomes part of the truth. */
  acknowledge(stroke) {
    this.clock += 1;
    this.pending = this.pending.filter((each) => each !== stroke);
    if (this.flights.size) this.acknowledged.push({ time: this.clock, stroke });
    this.#eachMet(stroke.box, (plane) => {
      stroke.applyTo(plane.truth, plane);
      if (!this.pending.length) plane.data = plane.truth;
    });
  }

  /** The server refused the stroke: show the labels without it. */
  refuse(stroke) {
    this.pending = this.pending.filter((each) => each !== stroke);
    this.#eachMet(stroke.box, (plane) => this.#show(plane));
  }

  /** Someone else changed what is in `box` (null: anything); the planes it meets are fetched again when asked for. */
  invalidate(box) {
    this.clock += 1;
    const stale = [...this.cache.values()].filter((plane) => !box || rectOf(plane.axis, plane.index, box));
    for (const plane of stale) plane.isStale = true;
    this.flights.clear();
    return stale;
  }

  /** The server has done a change that only it can compute (`stroke`: what was shown of it meanwhile, or none) in `box`. */
  supersede(stroke, box) {
    if (stroke) this.pending = this.pending.filter((each) => each !== stroke);
    return this.invalidate(box);
  }

  /** Give labels that may be painted on. */
  writable(plane) {
    return writable(plane);
  }

  /** Give an empty plane to paint on while the real one is still on its way. */
  placehold(axis, index, rows, cols) {
    const plane = { axis, index, rows, cols, truth: new Uint8Array(rows * cols), isStale: true };
    this.cache.set(`${axis}${index}`, this.#show(plane));
    return plane;
  }

  #start(key, axis, index) {
    const since = this.clock;
    const flight = this.fetchPlane(axis, index).then(
      ({ data, rows, cols }) => this.#land(key, flight, { axis, index, rows, cols, truth: data, since }),
    );
    this.flights.set(key, flight);
    flight.catch(() => this.flights.get(key) === flight && this.flights.delete(key));
  }

  // A flight that was overtaken by a change of others must not be believed: ask again.
  #land(key, flight, { since, ...plane }) {
    if (this.flights.get(key) !== flight) return this.load(plane.axis, plane.index);
    this.flights.delete(key);
    for (const { time, stroke } of this.acknowledged) if (time > since) stroke.applyTo(plane.truth, plane);
    if (!this.flights.size) this.acknowledged = [];
    this.cache.set(key, this.#show(plane));
    return plane;
  }

  #show(plane) {
    plane.data = plane.truth;
    for (const stroke of this.pending) if (meets(stroke, plane)) stroke.applyTo(writable(plane), plane);
    this.changed(plane, null);
    return plane;
  }

  #eachMet(box, act) {
    for (const plane of this.cache.values()) if (rectOf(plane.axis, plane.index, box)) act(plane);
  }
}

function meets(stroke, plane) {
  return !stroke.box || rectOf(plane.axis, plane.index, stroke.box) !== null;
}

function writable(plane) {
  if (plane.data === plane.truth) plane.data = plane.truth.slice();
  return plane.data;
}

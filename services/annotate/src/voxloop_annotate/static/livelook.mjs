// What a live model says of the planes on the screen: the large one first, the newest model and the newest view win, what comes late is dropped.

import { request, volumePath } from "./api.mjs";
import { voxelsOf } from "./modelpreview.mjs";
import { PreviewOverlay } from "./previewoverlay.mjs";
import { areaOf, contains, scaleDown } from "./rect.mjs";
import { gridOfLevel } from "./region.mjs";
import { levelFor } from "./view.mjs";

const SETTLE_MS = 100;

const AGAIN_MS = 1000;

const LOOKS = ["axis", "indices", "zoom", "center", "screen", "layout", "layers"];

const SEEN_BY = ["prediction", "confidence", "difference"];

// Small pans need nothing new: what is looked at is cut on this grid, and kept while it holds all that is seen.
const GRID_PX = 64;

const LARGEST_SHARE = 2;

const PAGE = Math.random().toString(36).slice(2);

export class LiveLook {
  /** `onClose()` is called when somebody closes the overlay; `planes()` gives the viewports, the large one first. */
  constructor(session, onClose, planes = () => [window.voxloop.layout.main, ...window.voxloop.layout.sides], ask = askFor) {
    Object.assign(this, { session, planes, ask, source: null, shown: new Map(), isBusy: false });
    this.overlay = new PreviewOverlay(session, onClose);
  }

  /** Show what `source` = {volume, id, learner, model} says, now and wherever somebody looks. */
  show(source) {
    if (this.source?.id === source.id && this.source.model.number === source.model.number) return;
    const isFirst = !this.source;
    this.source = source;
    if (isFirst) this.end = this.session.watch(LOOKS, () => this.#lookSoon());
    this.#look();
  }

  /** Show nothing until there is a model again. */
  clear() {
    this.source = null;
    this.end?.();
    this.end = null;
    clearTimeout(this.timer);
    this.flight?.abort.abort();
    this.shown.clear();
    this.overlay.clear();
  }

  stop() {
    this.clear();
  }

  #lookSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#look(), SETTLE_MS);
    if (this.flight && !this.#isWanted(this.flight)) this.flight.abort.abort();
  }

  // One question at a time: each takes a core, and the large plane is not to wait for the small ones.
  async #look() {
    if (this.isBusy) return;
    this.isBusy = true;
    for (let next = this.#next(); next; next = this.#next()) await this.#fetch(next);
    this.isBusy = false;
  }

  #next() {
    const { layers } = this.session.state;
    if (!this.source || !SEEN_BY.some((name) => layers[name].isVisible)) return null;
    return this.#places().find(({ axis, key }) => this.shown.get(axis)?.key !== key) ?? null;
  }

  #places() {
    return this.planes().map((plane) => this.#placeOf(plane)).filter(Boolean);
  }

  #placeOf({ view, axis, index }) {
    const { info } = this.session.state;
    if (!view || !info || view.axis !== axis) return null;
    const level = levelFor(info.levels, axis, view, globalThis.devicePixelRatio ?? 1);
    const grid = gridOfLevel(info.levels, level, axis);
    const before = this.shown.get(axis);
    const region = regionAround(scaleDown(view.visibleRect(), grid.scale), grid, before?.level === level ? before.region : null);
    if (!areaOf(region)) return null;
    const { id, model } = this.source;
    return { axis, index, level, region, levels: info.levels, key: JSON.stringify([id, model.number, index, level, region]) };
  }

  #isWanted({ place }) {
    return this.#places().some(({ axis, index, level, region }) => axis === place.axis && index === place.index && level === place.level && contains(region, place.region));
  }

  async #fetch(place) {
    const { source } = this;
    const abort = new AbortController();
    this.flight = { place, abort };
    this.shown.set(place.axis, place);
    try {
      const { layers, isExact } = await this.ask(source, place, abort.signal);
      if (this.source?.id === source.id && this.#isWanted(this.flight)) this.#draw(source, place, layers, isExact);
      else this.#forget(place);
    } catch (error) {
      this.#onTrouble(error, place);
    } finally {
      this.flight = null;
    }
  }

  // What was ended by a newer question is asked again if somebody comes back; what failed, after a while.
  #onTrouble(error, place) {
    if (error.name === "AbortError") return this.#forget(place);
    if (!this.source || error.type === "Superseded") return;
    this.session.say(`no live preview: ${error.message}`);
    if (error.type === "TooLarge") return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.#forget(place), this.#look()), AGAIN_MS);
  }

  #forget(place) {
    if (this.shown.get(place.axis) === place) this.shown.delete(place.axis);
  }

  #draw({ learner, model }, { axis, index, level, region }, layers, isExact) {
    const half = layers.length / 2;
    const note = `live ${learner} ${model.number}${isExact ? "" : " · roughly"}`;
    this.overlay.show({ axis, index }, layers.subarray(0, half), layers.subarray(half), region, level, note, { classes: model.classes, is_ours: true });
  }
}

/** Give the part of a plane to look at: what is needed, on a grid; `before` as long as it is not much more than that. */
export function regionAround(needed, { rows, cols }, before = null) {
  const down = (value) => Math.max(0, Math.floor(value / GRID_PX) * GRID_PX);
  const up = (value, length) => Math.min(length, Math.ceil(value / GRID_PX) * GRID_PX);
  const found = { r0: down(needed.r0), r1: up(needed.r1, rows), c0: down(needed.c0), c1: up(needed.c1, cols) };
  return before && contains(before, needed) && areaOf(before) <= LARGEST_SHARE * areaOf(found) ? before : found;
}

async function askFor({ volume, id, model }, { axis, index, level, levels, region }, signal) {
  const body = { number: model.number, axis, index, level, region: voxelsOf(levels, level, axis, region), client: `${PAGE}-live-${axis}` };
  const headers = { "Content-Type": "application/json" };
  const answer = await request(volumePath(volume, `/live/${id}/look`), { method: "POST", headers, body: JSON.stringify(body), signal });
  return { layers: new Uint8Array(await answer.arrayBuffer()), isExact: true };
}

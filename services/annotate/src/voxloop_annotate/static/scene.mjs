// The slices that belong on the screen for the session's view: asked for, shown when they come, neighbours fetched ahead.

import { getSlice, volumePath } from "./api.mjs";
import { extentOf, orderOf } from "./plane.mjs";
import { gridOf } from "./session.mjs";
import { SliceCache } from "./slicecache.mjs";
import { SliceSource } from "./slicesource.mjs";
import { View, levelFor } from "./view.mjs";

const IMAGE_BYTES = 192 * 2 ** 20;

const AHEAD = [1, -1, 2, -2];

const RETRY_MS = 2000;

export class Scene {
  /** `show(name, slice | null)` is called with what to put on the layers image, labels, prediction and confidence. */
  constructor(session, annotation, show) {
    Object.assign(this, { session, annotation, show });
    this.source = new SliceSource(getSlice, new SliceCache(IMAGE_BYTES));
    this.shown = {};
    this.turn = 0;
  }

  /** Say whether the image on the screen is the slice that the session is at. */
  get isCurrent() {
    const { image } = this.shown;
    const { volume, axis, index } = this.session.state;
    return Boolean(image) && image.volume === volume && image.axis === axis && image.index === index;
  }

  /** Ask for other slices if the view has left those it had. */
  follow() {
    const { levels, ...place } = this.#place() ?? {};
    if (JSON.stringify(place) !== this.key || levels !== this.levels) this.refresh();
  }

  /** Ask for whatever the session's view needs now. */
  refresh() {
    const place = this.#place();
    const { levels, ...rest } = place ?? {};
    this.key = JSON.stringify(rest);
    this.levels = levels;
    this.turn += 1;
    if (!place) return this.#clear();
    const wanted = this.#pathsOf(place);
    const ahead = AHEAD.map((step) => ({ ...place, index: place.index + step })).filter((each) => each.index >= 0 && each.index < place.depth);
    this.source.keepOnly([place, ...ahead].flatMap((each) => Object.values(this.#pathsOf(each))));
    this.#load(place, wanted, ahead, this.turn);
  }

  stop() {
    this.turn += 1;
    clearTimeout(this.timer);
    this.source.keepOnly([]);
  }

  async #load(place, wanted, ahead, turn) {
    clearTimeout(this.timer);
    this.#showCoarse(place, wanted);
    const loads = ["image", "prediction", "confidence"].map((name) => this.#loadSlice(name, place, wanted[name], turn));
    const results = await Promise.allSettled([...loads, this.#loadLabels(place, turn)]);
    if (turn !== this.turn) return;
    const isMissing = results.some(({ status }) => status === "rejected");
    this.session.set({ sliceState: isMissing ? "offline" : "ready" });
    if (isMissing) this.timer = setTimeout(() => this.refresh(), RETRY_MS);
    else for (const each of ahead) await this.#prefetch(each, turn);
  }

  async #loadSlice(name, place, path, turn) {
    if (!path) return this.#put(name, null, place);
    const known = this.source.peek(path);
    if (known) return this.#put(name, known, place);
    if (!this.#isSamePlane(name, place) && name !== "image") this.#put(name, null, place);
    if (name === "image") this.session.set({ sliceState: "loading" });
    const slice = await this.source.load(path);
    if (turn === this.turn) this.#put(name, slice, place);
  }

  async #loadLabels(place, turn) {
    const { planes } = this.annotation;
    const known = planes.peek(place.axis, place.index) ?? planes.placehold(place.axis, place.index, place.rows, place.cols);
    this.#put("labels", known, place);
    const plane = await planes.load(place.axis, place.index);
    if (turn === this.turn) this.#put("labels", plane, place);
  }

  async #prefetch(place, turn) {
    if (turn !== this.turn) return;
    const { image, prediction } = this.#pathsOf(place);
    const loads = [image, prediction].filter(Boolean).map((path) => this.source.load(path));
    await Promise.allSettled([...loads, this.annotation.planes.load(place.axis, place.index)]);
  }

  // A coarser or finer picture of the same slice is better than none.
  #showCoarse(place, wanted) {
    if (this.source.peek(wanted.image) || this.#isSamePlane("image", place)) return;
    for (let level = place.levels.length - 1; level >= 0; level--) {
      const slice = this.source.peek(this.#pathsOf({ ...place, level }).image);
      if (slice) return this.#put("image", slice, { ...place, level });
    }
  }

  #put(name, slice, { volume, axis, index, level, levels }) {
    const old = this.shown[name];
    if (old?.slice === slice && old?.axis === axis && old?.index === index) return;
    const { row, col } = orderOf(axis);
    const scale = name === "labels" ? [1, 1] : [levels[level].scale[row], levels[level].scale[col]];
    this.shown[name] = slice ? { slice, volume, axis, index, scale } : null;
    this.show(name, this.shown[name]);
  }

  #isSamePlane(name, { volume, axis, index }) {
    const old = this.shown[name];
    return Boolean(old) && old.volume === volume && old.axis === axis && old.index === index;
  }

  #clear() {
    for (const name of ["image", "labels", "prediction", "confidence"]) {
      this.shown[name] = null;
      this.show(name, null);
    }
  }

  #place() {
    const { volume, info, axis, index, zoom, center, screen, prediction, layers } = this.session.state;
    if (!info || !screen.width) return null;
    const { depth, rows, cols } = extentOf(axis, info.shape);
    const levels = info.levels;
    const level = levelFor(levels, axis, new View(gridOf(info), axis, zoom, center, screen), globalThis.devicePixelRatio ?? 1);
    return { volume, axis, index, depth, rows, cols, level, levels, prediction: layers.prediction.isVisible ? prediction : null };
  }

  #pathsOf({ volume, axis, index, level, prediction }) {
    const query = `axis=${axis}&index=${index}&level=${level}`;
    const base = prediction && `/predictions/${encodeURIComponent(prediction)}`;
    return {
      image: volumePath(volume, `/slice?${query}`),
      prediction: base && volumePath(volume, `${base}/class?${query}`),
      confidence: base && volumePath(volume, `${base}/confidence?${query}`),
    };
  }
}

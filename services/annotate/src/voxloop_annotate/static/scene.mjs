// The slices that belong on the screen of one plane: asked for, shown when they come (coarse first), neighbours fetched ahead.

import { getSlice } from "./api.mjs";
import { ARRAYS } from "./lookup.mjs";
import { otherOf } from "./compare.mjs";
import { orderOf } from "./plane.mjs";
import { chooseRegion, coarseLevel, gridOfLevel } from "./region.mjs";
import { whole } from "./rect.mjs";
import { chainedPath, imagePath, predictionPath } from "./slicepath.mjs";
import { SliceSource } from "./slicesource.mjs";

const NAMES = ["coarse", "image", "labels", "prediction", "other", "confidence", "uncertainty"];

const RETRY_MS = 2000;

// A picture of this slice is on the screen already: wait until zooming and panning have come to rest.
const SETTLE_MS = 80;

// Slices change faster than they come: let the coarse ones through first.
const OVERRUN_MS = 40;

// Below this, the sharp slice is there as soon as a coarse one would be.
const COARSE_BYTES = 2 ** 18;

// Where sharp slices come sooner than this, a coarse one is only asked for once it is late: it would delay the sharp one.
const PATIENCE_MS = 100;

export class Scene {
  /**
   * `cache` keeps images and may be shared. `show(name, shown | null)` is called with what to put on the layers coarse,
   * image, labels, prediction, other (that it is compared with), confidence and uncertainty; `report("loading" | "ready" | "offline")` with how that goes.
   */
  constructor({ session, annotation, cache, show, report = () => {}, fetchSlice = getSlice }) {
    Object.assign(this, { session, annotation, show, report, isOverrun: false, isIdle: true });
    this.source = new SliceSource(fetchSlice, cache);
    this.shown = {};
    this.turn = 0;
    this.sharpMs = Infinity;
    this.direction = 1;
    this.reach = 2;
  }

  /** Say whether a picture of the slice that the session is at is on the screen. */
  get isCurrent() {
    const { volume, indices } = this.session.state;
    const { image, coarse } = this.shown;
    return [image, coarse].some((shown) => shown?.volume === volume && shown.index === indices[orderOf(shown.axis).depth] && shown.axis === this.place?.axis);
  }

  /** Say whether that picture is as sharp as the screen. */
  get isSharp() {
    return this.isCurrent && this.#isSharpAt(this.place);
  }

  /** Ask for other slices if `view` has left those there are; null: there is nothing to see. */
  follow(view) {
    const place = view && this.#placeOf(view);
    const key = place && keyOf(place);
    if (key === this.key) return;
    this.#noteTravel(place);
    this.isOverrun = Boolean(this.place) && !this.#isSharpAt(this.place);
    Object.assign(this, { place, key });
    this.refresh();
  }

  /** Ask for whatever the place needs now. */
  refresh() {
    const { place } = this;
    this.turn += 1;
    this.isIdle = !place;
    clearTimeout(this.timer);
    if (!place) return this.#clear();
    const ahead = this.#aheadOf(place);
    this.source.keepOnly([place, ...ahead].flatMap((each) => [...Object.values(this.#pathsOf(each)), this.#coarseOf(each).path]));
    this.#load(place, ahead, this.turn, this.#isShown("image", place) ? SETTLE_MS : this.isOverrun ? OVERRUN_MS : 0);
  }

  /** Ask for the labels again: some are known to be out of date. */
  refreshLabels() {
    if (this.place) this.#showLabels(this.place, this.turn, Promise.resolve()).catch(() => this.refresh());
  }

  stop() {
    this.turn += 1;
    clearTimeout(this.timer);
    this.source.keepOnly([]);
  }

  async #load(place, ahead, turn, delay) {
    const isThere = Boolean(this.source.peek(imagePath(place)));
    if (!isThere) this.report("loading");
    const settled = this.#after(isThere ? 0 : delay, turn);
    const { first, sharp } = this.#showImage(place, turn, settled);
    const results = await Promise.allSettled([sharp, this.#showLabels(place, turn, first), ...this.#showOverlays(place, turn, first, settled)]);
    if (turn !== this.turn) return;
    const isMissing = results.some(({ status }) => status === "rejected");
    this.report(isMissing ? "offline" : "ready");
    if (isMissing) this.timer = setTimeout(() => this.refresh(), RETRY_MS);
    else await this.#fetchAhead(place, ahead, turn);
    if (turn === this.turn) this.isIdle = !isMissing;
  }

  // Gives two promises: `first`, some picture of the slice is on the screen, and `sharp`, the final one is.
  #showImage(place, turn, settled) {
    const isKnown = this.#isShown("image", place) || this.#isShown("coarse", place);
    const sharp = settled.then(() => this.#putSharp(place, turn));
    const coarse = this.#showCoarse(place, turn, sharp);
    const first = isKnown ? Promise.resolve() : Promise.any([coarse, sharp]);
    for (const promise of [coarse, first]) promise.catch(() => {});
    return { first, sharp };
  }

  async #putSharp(place, turn) {
    const start = this.source.peek(imagePath(place)) ? null : performance.now();
    await this.#put("image", imagePath(place), place, turn);
    if (start !== null) this.sharpMs = performance.now() - start;
  }

  // Below a part of the plane lies all of it, coarse: then there is no edge to be seen on the way there.
  async #showCoarse(place, turn, sharp) {
    const { path, place: whereto } = this.#coarseOf(place);
    const isSharpHere = () => place.isWhole && this.source.peek(imagePath(place));
    if (!path || isSharpHere()) throw new Error("the sharp slice comes as fast");
    if (!this.isOverrun && this.sharpMs < PATIENCE_MS && !this.source.peek(path)) await Promise.race([this.#after(PATIENCE_MS, turn), sharp]);
    if (isSharpHere()) throw new Error("the sharp slice has come");
    const slice = this.source.peek(path) ?? (await this.source.load(path));
    if (turn !== this.turn || (place.isWhole && this.isSharp)) return;
    this.#set("coarse", slice, whereto);
    if (!this.#isShown("image", place)) this.#drop("image");
  }

  async #showLabels(place, turn, first) {
    const { planes } = this.annotation;
    const { axis, index } = place;
    const { rows, cols } = gridOfLevel(place.levels, 0, axis);
    const at = { ...place, level: 0, region: whole(rows, cols) };
    const loading = planes.load(axis, index);
    loading.catch(() => {});
    await first;
    if (turn === this.turn) this.#set("labels", planes.peek(axis, index) ?? planes.placehold(axis, index, rows, cols), at);
    const plane = await loading;
    if (turn === this.turn) this.#set("labels", plane, at);
  }

  #showOverlays(place, turn, first, settled) {
    const { image: _, ...paths } = this.#pathsOf(place);
    return Object.entries(paths).map(async ([name, path]) => {
      await settled;
      if (path) this.source.load(path).catch(() => {});
      await first;
      if (turn !== this.turn) return;
      const isKept = this.#isShown(name, place) && (path || place.overlays.unseen);
      if (!isKept && !(path && this.source.peek(path))) this.#drop(name);
      if (!path) return;
      if (name === "prediction" && place.overlays.chain) await this.#putChained(path, place, turn);
      else await this.#put(name, path, place, turn);
    });
  }

  // A preview may be a guess, or too large to be computed: then it is no use to ask for the same again.
  async #putChained(path, place, turn) {
    const note = (found) => turn === this.turn && this.session.set({ chainNotes: { ...this.session.state.chainNotes, [place.axis]: found } });
    try {
      await this.#put("prediction", path, place, turn);
      note(this.source.peek(path)?.isExact === false ? { isGuess: true } : null);
    } catch (error) {
      if (error.type !== "TooLarge") throw error;
      if (turn === this.turn) this.#drop("prediction");
      note({ isTooLarge: true });
    }
  }

  async #fetchAhead(place, ahead, turn) {
    const { unseen } = place.overlays;
    if (unseen) await this.#put("confidence", predictionPath(place, unseen, "confidence"), place, turn).catch(() => {});
    for (const each of ahead) {
      if (turn !== this.turn) return;
      const paths = [...Object.values(this.#pathsOf(each)), this.#coarseOf(each).path].filter(Boolean);
      await Promise.allSettled([...paths.map((path) => this.source.load(path)), this.annotation.planes.load(each.axis, each.index)]);
    }
  }

  async #after(delay, turn) {
    if (!delay) return;
    await new Promise((go) => setTimeout(go, delay));
    if (turn !== this.turn) throw new Error("another slice is wanted by now");
  }

  async #put(name, path, place, turn) {
    const slice = this.source.peek(path) ?? (await this.source.load(path));
    if (turn !== this.turn) return;
    this.#set(name, slice, place);
    if (name === "image" && (place.isWhole || !this.#isShown("coarse", place))) this.#drop("coarse");
  }

  #set(name, slice, { volume, axis, index, level, levels, region }) {
    const { scale } = gridOfLevel(levels, level, axis);
    const old = this.shown[name];
    this.shown[name] = { slice, volume, axis, index, level, region, scale, origin: { r0: region.r0, c0: region.c0 } };
    if (old?.slice !== slice || old.index !== index || old.axis !== axis || old.level !== level) this.show(name, this.shown[name]);
  }

  #drop(name) {
    if (!this.shown[name]) return;
    this.shown[name] = null;
    this.show(name, null);
  }

  #clear() {
    this.source.keepOnly([]);
    for (const name of NAMES) this.#drop(name);
  }

  #isShown(name, place) {
    return isSameSlice(this.shown[name], place);
  }

  #isSharpAt(place) {
    const { image } = this.shown;
    return isSameSlice(image, place) && image.level === place.level && image.region === place.region;
  }

  #noteTravel(place) {
    const step = place && this.place?.axis === place.axis ? place.index - this.place.index : 0;
    if (step) this.direction = Math.sign(step);
  }

  #aheadOf(place) {
    const { depth } = orderOf(place.axis);
    const steps = [];
    if (place.overlays.chain || place.overlays.revision) return []; // each would be computed
    for (const sign of [this.direction, -this.direction]) for (let n = 1; n <= this.reach; n++) steps.push(sign * n);
    const ahead = steps.map((step) => ({ ...place, index: place.index + step }));
    return ahead.filter(({ index }) => index >= 0 && index < place.shape[depth]);
  }

  #placeOf(view) {
    const { volume, info, indices } = this.session.state;
    const { axis } = view;
    const before = this.place?.volume === volume && this.place.axis === axis ? this.place : null;
    const bytesPerVoxel = (ARRAYS[info.dtype] ?? Uint8Array).BYTES_PER_ELEMENT;
    const found = chooseRegion(info.levels, axis, view, { bytesPerVoxel, pixelRatio: globalThis.devicePixelRatio ?? 1, previous: before });
    const { level, isWhole } = found;
    const region = before && before.level === level && JSON.stringify(before.region) === JSON.stringify(found.region) ? before.region : found.region;
    return { volume, axis, index: indices[orderOf(axis).depth], level, region, isWhole, levels: info.levels, shape: info.shape, bytesPerVoxel, overlays: this.#overlays() };
  }

  #overlays() {
    const { prediction, chain, layers, predictions, revision, compare } = this.session.state;
    const about = predictions.find(({ id }) => id === prediction);
    const isClassSeen = layers.prediction.isVisible || layers.difference.isVisible;
    const isConfidenceSeen = layers.confidence.isVisible;
    return {
      prediction: isClassSeen ? prediction : null,
      chain: isClassSeen ? chain : null,
      other: layers.prediction.isVisible ? otherOf(compare) : null,
      confidence: isConfidenceSeen ? prediction : null,
      uncertainty: layers.uncertainty.isVisible && about?.layers.includes("uncertainty") ? prediction : null,
      revision: about?.partial ? revision : null,
      unseen: isClassSeen && !isConfidenceSeen ? prediction : null,
    };
  }

  #pathsOf(place) {
    const { prediction, other, confidence, uncertainty, chain } = place.overlays;
    return {
      image: imagePath(place),
      prediction: prediction && (chain ? chainedPath(place, chain) : predictionPath(place, prediction, "class")),
      other: other && predictionPath(place, other, "class"),
      confidence: confidence && predictionPath(place, confidence, "confidence"),
      uncertainty: uncertainty && predictionPath(place, uncertainty, "uncertainty"),
    };
  }

  #coarseOf(place) {
    const { axis, levels, bytesPerVoxel, isWhole } = place;
    const level = coarseLevel(levels, axis);
    const sharp = place.region;
    const isSmall = isWhole && (sharp.r1 - sharp.r0) * (sharp.c1 - sharp.c0) * bytesPerVoxel <= COARSE_BYTES;
    if (level <= place.level || isSmall) return { path: null };
    const { rows, cols } = gridOfLevel(levels, level, axis);
    const coarse = { ...place, level, region: whole(rows, cols), isWhole: true };
    return { path: imagePath(coarse), place: coarse };
  }
}

function isSameSlice(shown, place) {
  return Boolean(shown && place) && shown.volume === place.volume && shown.axis === place.axis && shown.index === place.index;
}

function keyOf({ volume, axis, index, level, region: { r0, r1, c0, c1 }, overlays }) {
  return JSON.stringify([volume, axis, index, level, r0, r1, c0, c1, overlays]);
}

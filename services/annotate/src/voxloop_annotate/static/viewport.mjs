// One plane on the screen: canvas, layers, crosshair, brush cursor, pointer. The page has one or three (see layout.mjs).

import { Crosshair } from "./crosshair.mjs";
import { element } from "./element.mjs";
import { Lateness } from "./lateness.mjs";
import { LayerStack } from "./layerstack.mjs";
import { Overlay } from "./overlay.mjs";
import { AXES, orderOf } from "./plane.mjs";
import { PlaneTag } from "./planetag.mjs";
import { Pointer } from "./pointer.mjs";
import { previewAt } from "./previewoverlay.mjs";
import { Readout } from "./readout.mjs";
import { CanvasRenderer } from "./renderer.mjs";
import { ScaleBar } from "./scalebar.mjs";
import { Scene } from "./scene.mjs";
import { gridOf } from "./session.mjs";
import { View, centerNear } from "./view.mjs";

const VIEW_KEYS = ["volume", "info", "axis", "indices", "zoom", "center", "screen", "prediction", "predictions", "revision", "chain", "layers", "compare"];

const PREVIEWED = ["prediction", "confidence"];

export class Viewport {
  /** `place` 0 is the main plane, 1 and 2 are those across the other axes; `cache` keeps images and may be shared. */
  constructor(node, { session, annotation, cache, place = 0 }) {
    Object.assign(this, { session, annotation, place, view: null, screen: { width: 0, height: 0 } });
    this.canvas = element("canvas", { class: "vx-image", tabindex: "0" });
    this.stage = element("div", { class: "vx-view", "data-place": place }, this.canvas);
    node.append(this.stage);
    this.renderer = new CanvasRenderer(this.canvas);
    this.layers = new LayerStack(session, this.renderer);
    this.scene = new Scene({ session, annotation, cache, show: (name, shown) => this.#show(name, shown), report: (state) => this.#report(state) });
    if (!this.isMain) this.scene.reach = 1;
    this.readout = new Readout(this);
    this.crosshair = new Crosshair(this);
    this.cursor = new Overlay(this);
    this.pointer = new Pointer(this);
    this.parts = [this.crosshair, new PlaneTag(this), new ScaleBar(this)];
    this.lateness = this.isMain ? new Lateness(this) : null;
    this.ends = [...this.#watch(), annotation.listen((event) => this.#onLabels(event))];
    this.#observe();
  }

  close() {
    for (const end of this.ends) end();
    for (const part of this.parts) part.close();
    this.lateness?.close();
    this.isClosed = true;
    this.scene.stop();
    this.pointer.close();
    cancelAnimationFrame(this.frame);
    this.renderer.close();
    this.stage.remove();
  }

  get isMain() {
    return this.place === 0;
  }

  get axis() {
    const { axis } = this.session.state;
    return this.isMain ? axis : AXES.filter((each) => each !== axis)[this.place - 1];
  }

  get index() {
    return this.session.state.indices[orderOf(this.axis).depth];
  }

  /** Begin a stroke, if the screen shows the slice that would be painted; `settings` as in Annotation.begin. */
  beginStroke(settings) {
    const { labels } = this.scene.shown;
    if (!this.scene.isCurrent || labels?.axis !== this.axis || labels.index !== this.index) return null;
    return this.annotation.begin(labels.slice, settings);
  }

  /** Add brush spans to a stroke and show them with the next frame. */
  extendStroke(live, spans) {
    const { planes } = this.annotation;
    const plane = planes.peek(live.plane.axis, live.plane.index) ?? live.plane;
    const rect = live.add(spans, planes.writable(plane));
    if (rect) this.#touchLabels(plane, rect);
  }

  /** Give what is shown on each layer, as in Scene; a preview stands in the place of the prediction. */
  get shown() {
    const { shown } = this.scene;
    const preview = previewAt(this.session.state, this.axis, this.index);
    return preview ? { ...shown, ...preview } : shown;
  }

  /** Give the image that is shown: {data, rows, cols, scale: level-0 voxels per pixel, origin: {r0, c0} in pixels}, or null. */
  imagePatch() {
    const { image, coarse } = this.scene.shown;
    const shown = [image, coarse].find((each) => each?.axis === this.axis && each.index === this.index);
    if (!shown) return null;
    const { slice, scale, origin } = shown;
    return { data: slice.data, rows: slice.rows, cols: slice.cols, scale, origin };
  }

  #watch() {
    const { session, layers } = this;
    return [
      session.watch(VIEW_KEYS, () => this.#updateView()),
      session.watch(["layers", "compare"], () => (layers.update(), this.#schedule())),
      session.watch(["classes", "hiddenClasses", "prediction", "predictions", "preview"], () => (layers.readClasses(), this.#schedule())),
      session.watch(["preview", "indices", "axis"], () => this.#showPreview()),
      session.watch(["isCrosshairShown"], () => this.#schedule()),
    ];
  }

  // Several changes of the session in a row (slice, centre, zoom) are one new view.
  #updateView() {
    const { info, zoom, center, indices } = this.session.state;
    const { axis, screen } = this;
    const grid = info && gridOf(info);
    const own = info && !this.isMain ? centerNear(grid, axis, zoom, center, screen, indices) : center;
    const view = info && screen.width ? new View(grid, axis, zoom, own, screen, center) : null;
    if (!view?.equals(this.view)) this.view = view;
    if (this.view) this.layers.zoomTo(this.view);
    this.canvas.setAttribute("aria-label", `Plane across ${axis}, slice ${this.index}: paint with the pointer`);
    this.#schedule();
    if (this.isFollowing) return;
    this.isFollowing = true;
    queueMicrotask(() => {
      this.isFollowing = false;
      if (!this.isClosed) this.scene.follow(this.view);
    });
  }

  #show(name, shown) {
    this.layers.put(name, PREVIEWED.includes(name) ? (this.shown[name] ?? null) : shown);
    this.lateness?.update();
    this.readout.refresh();
    this.#schedule();
  }

  #showPreview() {
    const isOn = Boolean(this.session.state.preview);
    if (!isOn && !this.isPreviewed) return;
    this.isPreviewed = isOn;
    for (const name of PREVIEWED) if (this.layers.shown[name] !== this.shown[name]) this.#show(name, this.shown[name] ?? null);
  }

  #report(state) {
    if (this.isMain) this.session.set({ sliceState: state });
  }

  #onLabels({ plane, rect, isStale }) {
    if (isStale) this.scene.refreshLabels();
    else if (plane === this.scene.shown.labels?.slice) this.#touchLabels(plane, rect);
  }

  #touchLabels(plane, rect) {
    this.layers.touchLabels(plane, rect);
    this.readout.refresh();
    this.#schedule();
  }

  #schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.view) this.renderer.draw(this.view);
      else this.renderer.clear();
      this.crosshair.update();
      this.cursor.update();
      if (this.isMain) this.#tellPainted();
    });
  }

  // Tests and benchmarks wait for this; nothing on the page does.
  #tellPainted() {
    const { image } = this.scene.shown;
    if (!this.scene.isSharp || this.painted === image) return;
    this.painted = image;
    this.session.set({ painted: { axis: image.axis, index: image.index, level: image.level, time: performance.now() } });
  }

  #observe() {
    const sizes = new ResizeObserver(() => this.#resize());
    sizes.observe(this.stage);
    const readTheme = () => {
      this.renderer.setBackground(getComputedStyle(this.stage).backgroundColor);
      this.#schedule();
    };
    const themes = new MutationObserver(readTheme);
    themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    const enter = () => this.session.set({ activeAxis: this.axis });
    const leave = () => this.session.set({ activeAxis: null });
    this.stage.addEventListener("pointermove", enter);
    this.stage.addEventListener("pointerleave", leave);
    this.ends.push(() => sizes.disconnect(), () => themes.disconnect());
    readTheme();
    this.#resize();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.screen = { width, height };
    this.renderer.resize(width, height, globalThis.devicePixelRatio || 1);
    if (this.isMain) this.session.setScreen(this.screen);
    this.#updateView();
    if (this.view) this.renderer.draw(this.view);
  }
}

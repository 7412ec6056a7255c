// One plane on the screen: canvas, layers, brush cursor, pointer. The page has one now; a page with three makes three.

import { Lookup } from "./lookup.mjs";
import { colourImage, colourLabels, colourPrediction } from "./colouring.mjs";
import { BrushCursor } from "./brushcursor.mjs";
import { element } from "./element.mjs";
import { pixelTable } from "./palette.mjs";
import { Pointer } from "./pointer.mjs";
import { Readout } from "./readout.mjs";
import { grow, scaleDown } from "./rect.mjs";
import { CanvasRenderer } from "./renderer.mjs";
import { Scene } from "./scene.mjs";
import { gridOf } from "./session.mjs";
import { View } from "./view.mjs";

const FILL_ALPHA = 165;

// Uncertain is hatched in both, so that it shows on any grey.
const [DARK, LIGHT] = [70, 220];

const VIEW_KEYS = ["info", "axis", "zoom", "center", "screen"];

export class Viewport {
  constructor(node, session, annotation) {
    Object.assign(this, { session, annotation });
    this.canvas = element("canvas", { class: "vx-image", tabindex: "0", "aria-label": "Image slice: paint with the pointer" });
    this.stage = element("div", { class: "vx-view" }, this.canvas);
    node.append(this.stage);
    this.renderer = new CanvasRenderer(this.canvas);
    this.scene = new Scene(session, annotation, (name, shown) => this.#show(name, shown));
    this.readout = new Readout(session, this.scene);
    this.cursor = new BrushCursor(this);
    this.pointer = new Pointer(this);
    this.ends = [...this.#watch(), annotation.listen((event) => this.#onLabels(event))];
    this.#observeSize();
  }

  close() {
    for (const end of this.ends) end();
    this.scene.stop();
    this.pointer.close();
    cancelAnimationFrame(this.frame);
    this.stage.remove();
  }

  /** Begin a stroke, if the screen shows the slice that would be painted. */
  beginStroke() {
    if (!this.scene.isCurrent) return null;
    return this.annotation.begin(this.scene.shown.labels.slice);
  }

  /** Add brush spans to a stroke and show them with the next frame. */
  extendStroke(live, spans) {
    const { planes } = this.annotation;
    const plane = planes.peek(live.plane.axis, live.plane.index) ?? live.plane;
    const rect = live.add(spans, planes.writable(plane));
    if (rect) this.#touchLabels(plane, rect);
  }

  #watch() {
    const { session } = this;
    return [
      session.watch(VIEW_KEYS, () => this.#updateView()),
      session.watch(["info", "axis", "index", "zoom", "screen", "prediction", "layers"], () => this.scene.follow()),
      session.watch(["layers"], () => this.#updateLayers()),
      session.watch(["classes", "hiddenClasses"], () => this.#updateColours()),
    ];
  }

  #updateView() {
    const { info, axis, zoom, center, screen } = this.session.state;
    this.view = info && screen.width ? new View(gridOf(info), axis, zoom, center, screen) : null;
    this.#schedule();
  }

  #updateLayers() {
    const { image, labels, prediction } = this.session.state.layers;
    const key = `${image.min} ${image.max}`;
    if (this.windowKey !== key && this.scene.shown.image) this.#updateWindow();
    this.windowKey = key;
    if (this.areLabelsVisible !== labels.isVisible) this.renderer.touch("prediction", null);
    this.areLabelsVisible = labels.isVisible;
    this.renderer.setOpacity("image", image.isVisible ? 1 : 0);
    this.renderer.setOpacity("labels", labels.isVisible ? labels.opacity : 0);
    this.renderer.setOpacity("prediction", prediction.isVisible ? prediction.opacity : 0);
    this.#schedule();
  }

  #updateWindow() {
    const { min, max } = this.session.state.layers.image;
    this.lookup = new Lookup(this.scene.shown.image.slice.dtype, min, max);
    this.renderer.touch("image", null);
  }

  #updateColours() {
    const { classes, hiddenClasses } = this.session.state;
    this.labelTables = { fill: pixelTable(classes, hiddenClasses, FILL_ALPHA, DARK), edge: pixelTable(classes, hiddenClasses, 255, LIGHT) };
    this.renderer.touch("labels", null);
    this.renderer.touch("prediction", null);
    this.#schedule();
  }

  #show(name, shown) {
    if (name === "confidence") return this.readout.refresh();
    if (name === "image" && shown) this.#makeLookup(shown.slice.dtype);
    this.renderer.setLayer(name, shown && this.#layerOf(name, shown));
    if (name === "labels") this.renderer.touch("prediction", null);
    this.readout.refresh();
    this.#schedule();
  }

  #makeLookup(dtype) {
    const { min, max } = this.session.state.layers.image;
    this.lookup = new Lookup(dtype, min, max);
  }

  #layerOf(name, { slice, scale }) {
    const { isVisible, opacity = 1 } = this.session.state.layers[name];
    const colours = {
      image: (pixels, rect) => colourImage(pixels, slice, rect, this.lookup),
      labels: (pixels, rect) => colourLabels(pixels, slice, rect, this.labelTables),
      prediction: (pixels, rect) => colourPrediction(pixels, slice, rect, this.labelTables.edge, { labels: this.#labelsAbove(), scale }),
    };
    return { rows: slice.rows, cols: slice.cols, scale, opacity: isVisible ? opacity : 0, colour: colours[name] };
  }

  #labelsAbove() {
    return this.session.state.layers.labels.isVisible ? this.scene.shown.labels?.slice : null;
  }

  #onLabels({ plane, rect, isStale }) {
    if (isStale) this.scene.refresh();
    else if (plane === this.scene.shown.labels?.slice) this.#touchLabels(plane, rect);
  }

  // One voxel more on each side: a voxel's edge depends on its neighbours.
  #touchLabels(plane, rect) {
    this.renderer.touch("labels", rect && grow(rect, 1, plane.rows, plane.cols));
    const { scale = [1, 1] } = this.scene.shown.prediction ?? {};
    this.renderer.touch("prediction", rect && scaleDown(rect, scale));
    this.readout.refresh();
    this.#schedule();
  }

  #schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (this.view) this.renderer.draw(this.view);
      else this.renderer.clear();
      this.cursor.update();
    });
  }

  #observeSize() {
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(this.stage);
    const readTheme = () => {
      this.renderer.setBackground(getComputedStyle(this.stage).backgroundColor);
      this.#schedule();
    };
    const themes = new MutationObserver(readTheme);
    themes.observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
    this.ends.push(() => observer.disconnect(), () => themes.disconnect());
    readTheme();
    this.#resize();
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    this.renderer.resize(width, height, globalThis.devicePixelRatio || 1);
    this.session.setScreen({ width, height });
    if (this.view) this.renderer.draw(this.view);
  }
}

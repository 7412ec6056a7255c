// From the slices of a scene to the layers of a renderer: which colours, how opaque, what to colour anew when.

import { colourConfidence, colourDifference, colourImage, colourLabels, colourPrediction } from "./colouring.mjs";
import { viridisTable } from "./colormap.mjs";
import { shareOf, sidesOf } from "./compare.mjs";
import { lookupFor } from "./lookup.mjs";
import { pixelTable } from "./palette.mjs";
import { grow, move, scaleDown } from "./rect.mjs";
import { otherAbout, predictedPixels, shownAbout, translationOf } from "./translation.mjs";

const FILL_ALPHA = 165;

// Uncertain is hatched in both, so that it shows on any grey.
const [DARK, LIGHT] = [70, 220];

const CONTOUR_PX = 1.5;

const DASH_PX = 5;

// Black and magenta (ABGR): no class has them, and they differ in lightness as much as in hue.
const STRIPES = [0xff000000, 0xffff4df0];

const CONFIDENCE = viridisTable();

// These look as another layer does.
const STYLE_OF = { coarse: "image", other: "prediction" };

const ON_LABELS = ["prediction", "other", "difference"];

export class LayerStack {
  constructor(session, renderer) {
    Object.assign(this, { session, renderer, shown: {}, keys: {}, width: 1, dash: 1, compare: null });
    this.readClasses();
    this.update();
  }

  /** Show a slice of a scene on its layer, or nothing. */
  put(name, shown) {
    this.shown[name] = shown;
    this.renderer.setLayer(name, shown && this.#layerOf(name, shown));
    if (name === "prediction") this.renderer.setLayer("difference", shown && this.#layerOf("difference", shown));
    if (name === "labels") for (const each of ON_LABELS) this.renderer.touch(each, null);
    this.update();
  }

  /** Follow the settings of the layers. */
  update() {
    const { compare } = this.session.state;
    const { image, labels, prediction } = this.session.state.layers;
    const window = [image.min, image.max, image.gamma, image.isInverted].join();
    this.#touchIf(["coarse", "image"], "window", window);
    this.#touchIf(["labels"], "labels", `${labels.isContour} ${labels.isContour && this.width}`);
    const isAbove = labels.isVisible && !labels.isContour;
    this.#touchIf(["prediction", "other"], "prediction", `${isAbove} ${compare?.other} ${prediction.isContour && `${this.width} ${this.dash}`}`);
    this.#touchIf(["difference"], "difference", this.dash);
    for (const name of ["coarse", "image", "uncertainty", "confidence", "prediction", "other", "labels", "difference"]) this.renderer.setOpacity(name, this.#opacityOf(name));
    this.renderer.setSmooth("image", image.isSmooth);
    this.#divide(compare);
  }

  #divide(compare) {
    if (compare === this.compare) return;
    const isOther = compare?.other !== this.compare?.other;
    this.compare = compare;
    if (isOther) this.readClasses();
    this.renderer.setSides(sidesOf(compare), shareOf(compare));
  }

  /** Follow the zoom: lines, dashes and stripes are about as wide on the screen whatever it is. */
  zoomTo({ scale }) {
    const zoom = Math.min(scale.row, scale.col);
    const width = Math.max(1, Math.ceil(CONTOUR_PX / zoom));
    const dash = 2 ** Math.max(0, Math.round(Math.log2(DASH_PX / zoom)));
    if (width === this.width && dash === this.dash) return;
    Object.assign(this, { width, dash });
    this.update();
  }

  /** Follow the colours of the classes, which of them are hidden, and what the numbers of the prediction mean. */
  readClasses() {
    const { classes, hiddenClasses } = this.session.state;
    const about = shownAbout(this.session.state);
    this.tables = { fill: pixelTable(classes, hiddenClasses, FILL_ALPHA, DARK), edge: pixelTable(classes, hiddenClasses, 255, LIGHT) };
    Object.assign(this.tables, { predicted: predictedPixels(about, classes, hiddenClasses, 255), translation: translationOf(about, classes) });
    this.tables.other = predictedPixels(otherAbout(this.session.state), classes, hiddenClasses, 255);
    for (const name of ["labels", ...ON_LABELS]) this.renderer.touch(name, null);
  }

  /** Labels have changed in `rect` (null: anywhere). A voxel's edge depends on its neighbours. */
  touchLabels({ rows, cols }, rect) {
    const reach = this.session.state.layers.labels.isContour ? this.width : 1;
    this.renderer.touch("labels", rect && grow(rect, reach, rows, cols));
    for (const name of ON_LABELS) {
      const { scale = [1, 1], origin = { r0: 0, c0: 0 } } = this.shown[name === "difference" ? "prediction" : name] ?? {};
      this.renderer.touch(name, rect && move(scaleDown(rect, scale), -origin.r0, -origin.c0));
    }
  }

  #layerOf(name, { slice, scale, origin }) {
    const { rows, cols } = slice;
    const isSmooth = name === "coarse" || (name === "image" && this.session.state.layers.image.isSmooth);
    const colour = this.#colourOf(name, slice, { scale, origin });
    return { key: slice, rows, cols, scale, origin, opacity: this.#opacityOf(name), isSmooth, colour };
  }

  #colourOf(name, slice, place) {
    const image = (pixels, rect) => colourImage(pixels, slice, rect, lookupFor(slice.dtype, this.#settings("image")));
    return {
      coarse: image,
      image,
      labels: (pixels, rect) => colourLabels(pixels, slice, rect, this.tables, { isContour: this.#settings("labels").isContour, width: this.width }),
      prediction: (pixels, rect) => colourPrediction(pixels, slice, rect, this.tables.predicted, { ...place, ...this.#predictionStyle(place) }),
      other: (pixels, rect) => colourPrediction(pixels, slice, rect, this.tables.other, { ...place, ...this.#predictionStyle(place) }),
      confidence: (pixels, rect) => colourConfidence(pixels, slice, rect, CONFIDENCE),
      uncertainty: (pixels, rect) => colourConfidence(pixels, slice, rect, CONFIDENCE),
      difference: (pixels, rect) => this.#colourDifference(pixels, slice, rect, place),
    }[name];
  }

  // Labels that are only contours leave room for the prediction inside.
  #predictionStyle(place) {
    const { isVisible, isContour } = this.#settings("labels");
    const isApart = this.session.state.compare?.other === "labels";
    const labels = isVisible && !isContour && !isApart ? (this.shown.labels?.slice ?? null) : null;
    return { labels, labelTable: this.tables.edge, isContour: this.#settings("prediction").isContour, ...this.#lineOn(place) };
  }

  #lineOn({ scale }) {
    const [width, dash] = [this.width, this.dash].map((voxels) => Math.max(1, Math.round(voxels / Math.min(...scale))));
    return { width, dash };
  }

  #colourDifference(pixels, slice, rect, place) {
    const labels = this.shown.labels?.slice;
    if (labels) return colourDifference(pixels, slice, rect, this.tables.edge, STRIPES, { labels, translation: this.tables.translation, ...place, ...this.#lineOn(place) });
    return pixels.fill(0) && false;
  }

  // A line needs more than an area to be seen as well.
  #opacityOf(name) {
    const { isVisible, opacity = 1, isContour = false } = this.#settings(STYLE_OF[name] ?? name);
    if (!isVisible) return 0;
    return isContour ? Math.sqrt(opacity) : opacity;
  }

  #settings(name) {
    return this.session.state.layers[name];
  }

  #touchIf(names, field, key) {
    if (this.keys[field] === key) return;
    this.keys[field] = key;
    for (const name of names) this.renderer.touch(name, null);
  }
}

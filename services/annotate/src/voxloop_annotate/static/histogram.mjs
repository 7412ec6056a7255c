// The histogram of the volume with the window on it: two handles to drag, the curve from grey to grey, marks at percentiles.

import { element } from "./element.mjs";
import { shortValue } from "./number.mjs";

const SVG = "http://www.w3.org/2000/svg";

const CURVE_POINTS = 24;

// The axis reaches this share of the automatic window beyond it: a few bright voxels must not squeeze all others.
const MARGIN = 0.35;

export class Histogram {
  /** `change(end, value)` is called with "min" or "max" while a handle is dragged. */
  constructor(change) {
    this.change = change;
    this.paths = Object.fromEntries(["bars", "shade", "curve", "ticks", "ends"].map((name) => [name, this.#path(name)]));
    this.drawing = document.createElementNS(SVG, "svg");
    this.drawing.setAttribute("viewBox", "0 0 1 1");
    this.drawing.setAttribute("preserveAspectRatio", "none");
    this.drawing.setAttribute("aria-hidden", "true");
    this.drawing.append(...Object.values(this.paths));
    this.handles = { min: this.#handle("min", "Black at"), max: this.#handle("max", "White at") };
    this.node = element("div", { class: "vx-histogram" }, this.drawing, this.handles.min, this.handles.max);
    this.drawing.addEventListener("pointerdown", (event) => this.#grab(event));
    this.drawing.addEventListener("pointermove", (event) => this.#drag(event));
  }

  /** Show `counts` ({edges, counts}, or null while unknown) and the window of the image layer. */
  update({ info, histogram, layers: { image } }) {
    this.node.toggleAttribute("data-off", !info);
    if (!info) return;
    this.domain = domainOf(info.intensity, image);
    this.step = info.dtype === "float32" ? null : 1;
    this.#draw("bars", histogram ? barPath(histogram, this.domain) : "");
    this.#draw("ticks", Object.values(info.intensity.percentiles ?? {}).map((value) => `M${this.#x(value)} 1V.9`).join(""));
    this.#drawWindow(image);
    this.drawing.parentElement.title = percentileText(info.intensity);
  }

  #drawWindow(image) {
    const [low, high] = [this.#x(image.min), this.#x(image.max)];
    this.#draw("ends", `M${low} 0V1M${high} 0V1`);
    this.#draw("shade", `M0 0H${low}V1H0ZM${high} 0H1V1H${high}Z`);
    this.#draw("curve", curvePath(low, high, image));
    for (const [end, handle] of Object.entries(this.handles)) {
      const { low: from, high: to } = this.domain;
      Object.assign(handle, { min: from, max: to, step: this.step ?? (to - from) / 1000 });
      handle.value = image[end];
      handle.setAttribute("aria-valuetext", shortValue(image[end]));
    }
  }

  #x(value) {
    const { low, high } = this.domain;
    return round(Math.min(1, Math.max(0, (value - low) / (high - low))));
  }

  #path(name) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", `vx-histogram-${name}`);
    return path;
  }

  #draw(name, d) {
    if (this.paths[name].getAttribute("d") !== d) this.paths[name].setAttribute("d", d);
  }

  #handle(end, label) {
    const oninput = ({ target }) => this.change(end, target.valueAsNumber);
    return element("input", { type: "range", class: "vx-histogram-handle", "aria-label": `Window: ${label.toLowerCase()}`, "data-window": end, oninput });
  }

  #grab(event) {
    if (event.button !== 0 || !this.domain) return;
    const value = this.#valueAt(event);
    const [low, high] = [this.handles.min.valueAsNumber, this.handles.max.valueAsNumber];
    this.end = Math.abs(value - low) < Math.abs(value - high) ? "min" : "max";
    this.drawing.setPointerCapture(event.pointerId);
    this.handles[this.end].focus({ preventScroll: true });
    event.preventDefault();
    this.change(this.end, value);
  }

  #drag(event) {
    if (this.drawing.hasPointerCapture(event.pointerId)) this.change(this.end, this.#valueAt(event));
  }

  #valueAt({ clientX }) {
    const { left, width } = this.drawing.getBoundingClientRect();
    const { low, high } = this.domain;
    const value = low + Math.min(1, Math.max(0, (clientX - left) / width)) * (high - low);
    return this.step ? Math.round(value) : value;
  }
}

const round = (value) => Math.round(value * 1e4) / 1e4;

/** Give {low, high} of the axis: around the automatic window, wide enough for the one that is set. */
export function domainOf({ min, max, percentiles = {} }, window) {
  const [p0, p1] = [percentiles["0.1"] ?? min, percentiles["99.9"] ?? max];
  const margin = MARGIN * (p1 - p0);
  const low = Math.min(Math.max(min, p0 - margin), window.min);
  const high = Math.max(Math.min(max, p1 + margin), window.max);
  return { low, high: high > low ? high : low + 1 };
}

/** Give the SVG path of the bars within a domain, 1 wide and high; heights are logarithms, so that rare values can be seen. */
export function barPath({ edges, counts }, { low, high }) {
  const x = (value) => round((Math.min(high, Math.max(low, value)) - low) / (high - low));
  const seen = counts.map((count, i) => (edges[i + 1] > low && edges[i] < high ? Math.log1p(count) : 0));
  const most = Math.max(...seen, 1e-9);
  const steps = seen.flatMap((height, i) => (edges[i + 1] > low && edges[i] < high ? [`V${round(1 - 0.95 * (height / most))}H${x(edges[i + 1])}`] : []));
  return `M${x(edges[0])} 1${steps.join("")}V1Z`;
}

function curvePath(low, high, { gamma, isInverted }) {
  const points = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => {
    const share = (i / CURVE_POINTS) ** gamma;
    return `${round(low + (high - low) * (i / CURVE_POINTS))} ${round(isInverted ? share : 1 - share)}`;
  });
  const [first, last] = isInverted ? ["0 0", "1 1"] : ["0 1", "1 0"];
  return `M${[first, ...points, last].join("L")}`;
}

function percentileText({ percentiles = {} }) {
  return Object.entries(percentiles).map(([share, value]) => `${share} % of the voxels are below ${shortValue(value)}`).join("\n");
}

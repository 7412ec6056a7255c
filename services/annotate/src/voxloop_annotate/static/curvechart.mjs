// Curves of trainings over time, one line per model. `curvesOf` has no DOM.

import { element } from "./element.mjs";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [480, 132, 36, 20, 8];

const SVG = "http://www.w3.org/2000/svg";

/**
 * Give {low, high, seconds, lines: [{name, points: [[x, y]], last}]} in chart pixels for `series` = [{name, points: [{elapsed_s, …}]}]; null
 * where nothing is known of `key`.
 */
export function curvesOf(series, key, { fromZero = false } = {}) {
  const known = series.map(({ name, points }) => ({ name, points: points.filter((each) => Number.isFinite(each[key]) && Number.isFinite(each.elapsed_s)) }));
  const values = known.flatMap(({ points }) => points.map((each) => each[key]));
  if (!values.length) return null;
  const low = fromZero ? Math.min(0, ...values) : Math.min(...values);
  const high = Math.max(...values);
  const span = Math.max(high - low, Math.abs(high) / 10, 1e-6); // a flat line lies on top, not on the floor of nothing
  const seconds = Math.max(...known.flatMap(({ points }) => points.map(({ elapsed_s: at }) => at)), 1e-6);
  const x = (at) => LEFT + ((WIDTH - LEFT - 8) * at) / seconds;
  const y = (value) => HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * (value - (high - span))) / span;
  const lines = known.map(({ name, points }) => ({ name, points: points.map((each) => [round(x(each.elapsed_s)), round(y(each[key]))]), last: points.at(-1)?.[key] ?? null }));
  return { low: high - span, high, seconds, lines };
}

/** Draw the curves of `key` under a title; null where there are none. */
export function drawCurves(title, series, key, options) {
  const found = curvesOf(series, key, options);
  if (!found) return null;
  const { low, high, seconds, lines } = found;
  const spoken = lines.filter(({ last }) => last !== null).map(({ name, last }) => `${name} ends at ${last.toPrecision(3)}`).join(", ");
  const node = make("svg", { class: "vx-curves", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title} over time: ${spoken}` });
  const floor = HEIGHT - BOTTOM;
  for (const y of [TOP, (TOP + floor) / 2, floor]) node.append(make("line", { class: "vx-curve-grid", x1: LEFT, x2: WIDTH - 8, y1: y, y2: y }));
  node.append(text(high.toPrecision(2), LEFT - 6, TOP + 4, "end"), text(low.toPrecision(2), LEFT - 6, floor + 4, "end"));
  node.append(text("0", LEFT, HEIGHT - 6, "middle"), text(timeText(seconds), WIDTH - 8, HEIGHT - 6, "end"));
  lines.forEach(({ points }, i) => node.append(make("polyline", { class: "vx-curve", "data-series": i, points: points.map((each) => each.join(",")).join(" ") })));
  return element("figure", { class: "vx-curve-figure", "data-curve": key }, element("figcaption", { class: "vx-field-label" }, title), node);
}

/** Draw which line is whose; `areKnown` says of each name whether it has lines at all. */
export function drawLegend(names, areKnown) {
  const entries = names.map((name, i) => {
    if (!areKnown[i]) return element("span", { class: "vx-muted" }, `${name} has no curves`);
    const sample = make("svg", { class: "vx-curve-sample", viewBox: "0 0 24 8", "aria-hidden": "true" });
    sample.append(make("line", { class: "vx-curve", "data-series": i, x1: 0, x2: 24, y1: 4, y2: 4 }));
    return element("span", {}, sample, name);
  });
  return element("div", { class: "vx-curve-legend" }, ...entries);
}

const timeText = (seconds) => (seconds < 90 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);

const round = (value) => Math.round(value * 10) / 10;

function text(value, x, y, anchor) {
  const node = make("text", { class: "vx-curve-scale", x, y, "text-anchor": anchor });
  node.textContent = value;
  return node;
}

function make(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

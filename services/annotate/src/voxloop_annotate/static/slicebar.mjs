// The bar below the image: plane, slice number, slider with the annotated slices marked, zoom, which planes are shown.

import { element, icon, iconButton, setText } from "./element.mjs";
import { AXES, extentOf } from "./plane.mjs";

const TOUR = { z: "Plane across z: rows y, columns x", y: "Plane across y: rows z, columns x", x: "Plane across x: rows z, columns y" };

const KEYS = ["info", "axis", "index", "marks", "flags", "zoom", "sliceState", "problem", "layout", "isCrosshairShown"];

export class SliceBar {
  constructor(node, session) {
    this.session = session;
    this.axes = AXES.map((axis) => this.#axisButton(axis));
    this.slider = element("input", { type: "range", class: "vx-slice", min: 0, step: 1, "aria-label": "Slice", oninput: () => session.setIndex(this.slider.valueAsNumber) });
    this.number = element("input", { type: "text", inputmode: "numeric", class: "vx-slice-number", "aria-label": "Slice number", onchange: () => this.#jump() });
    this.total = element("span", { class: "vx-slice-total" });
    this.marks = this.#makeMarks();
    this.before = this.#button("previous", "Annotated slice before", ",", () => session.stepMark(-1, session.state.axis));
    this.after = this.#button("next", "Annotated slice after", ".", () => session.stepMark(1, session.state.axis));
    this.zoom = element("span", { class: "vx-zoom", title: "Screen pixels per voxel" });
    this.state = element("span", { class: "vx-slice-state", "data-state": "ready" }, icon("busy"));
    this.planes = this.#button("planes", "Three planes or one", "q", () => session.toggleLayout(), "vx-toggle vx-tip-end");
    this.cross = this.#button("crosshair", "Crosshair of the three planes", "shift g", () => session.toggleCrosshair(), "vx-toggle vx-tip-end");
    this.node = this.#assemble();
    node.append(this.node);
    this.end = session.watch(KEYS, (state) => this.#update(state));
  }

  #assemble() {
    const { session } = this;
    return element(
      "div",
      { class: "vx-slicebar" },
      element("div", { class: "vx-axes", role: "group", "aria-label": "Plane" }, ...this.axes),
      this.#button("left", "Previous slice", "↓", () => session.stepIndex(-1)),
      this.#button("right", "Next slice", "↑", () => session.stepIndex(1)),
      element("label", { class: "vx-slice-label" }, this.number, this.total),
      this.before,
      element("div", { class: "vx-slice-track" }, this.marks, this.slider),
      this.after,
      this.state,
      this.zoom,
      this.cross,
      this.planes,
      this.#button("fit", "Fit the slice", "f", () => session.fit(), "vx-tip-end"),
      iconButton("panel", "Panel", "\\", { class: "vx-icon-button vx-tip-up vx-tip-end", "data-action": "panel" }),
    );
  }

  #button(name, label, key, onclick, more = "") {
    return iconButton(name, label, key, { class: `vx-icon-button vx-tip-up ${more}`, "data-bar": name, onclick });
  }

  #axisButton(axis) {
    const attributes = { type: "button", class: "vx-axis vx-tip-up vx-tip-start", "data-axis": axis, "aria-label": TOUR[axis], "data-tip": TOUR[axis] };
    return element("button", { ...attributes, onclick: () => this.session.setAxis(axis) }, axis);
  }

  #makeMarks() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "vx-marks");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.append(...["vx-mark-painted", "vx-mark-flagged"].map(markPath));
    return svg;
  }

  #update({ info, axis, index, marks, flags, zoom, sliceState, problem, layout, isCrosshairShown }) {
    const depth = info ? extentOf(axis, info.shape).depth : 1;
    this.node.toggleAttribute("data-off", !info);
    this.slider.disabled = this.number.disabled = !info;
    this.slider.max = depth - 1;
    this.slider.value = index;
    this.slider.setAttribute("aria-valuetext", `${axis} ${index} of ${depth - 1}`);
    if (document.activeElement !== this.number) this.number.value = info ? index : "";
    setText(this.total, info ? `/ ${depth - 1}` : "/ –");
    setText(this.zoom, info ? `${zoom >= 10 ? zoom.toFixed(0) : zoom.toFixed(zoom < 1 ? 2 : 1)}×` : "");
    this.state.dataset.state = problem ? "ready" : (sliceState ?? "ready");
    for (const button of this.axes) button.setAttribute("aria-pressed", String(Boolean(info) && button.dataset.axis === axis));
    this.#updateMarks(marks[axis], depth, index);
    draw(this.marks.lastChild, new Set(flags.filter((flag) => flag.axis === axis).map((flag) => flag.index)));
    this.planes.setAttribute("aria-pressed", String(layout === "three"));
    this.cross.setAttribute("aria-pressed", String(isCrosshairShown && layout === "three"));
    this.cross.disabled = layout !== "three";
  }

  // Drawn in slices, stretched by the browser: one path however many slices are annotated.
  #updateMarks(marks, depth, index) {
    this.marks.setAttribute("viewBox", `-0.5 0 ${Math.max(1, depth)} 1`);
    draw(this.marks.firstChild, marks);
    this.before.disabled = !marks.some((mark) => mark < index);
    this.after.disabled = !marks.some((mark) => mark > index);
  }

  #jump() {
    const index = Number.parseInt(this.number.value, 10);
    if (Number.isFinite(index)) this.session.setIndex(index);
    this.number.value = this.session.state.index;
  }
}

function markPath(name) {
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", name);
  return path;
}

function draw(path, slices) {
  const d = Array.from(slices, (slice) => `M${slice} 0V1`).join("");
  if (path.getAttribute("d") !== d) path.setAttribute("d", d);
}

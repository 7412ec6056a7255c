// What tools draw over a plane: outlines, areas, points. A mark is {kind, d, isDashed, width}: `d` an SVG path in voxels,
// `kind` one of line, area (faint), dots, ghost (a stroke not yet known, `width` in screen pixels).

import { paintSettings } from "./options.mjs";

const SVG = "http://www.w3.org/2000/svg";

export class Overlay {
  constructor(viewport) {
    this.viewport = viewport;
    this.isOff = false;
    this.nodes = [];
    this.node = make("svg", { class: "vx-overlay", "aria-hidden": "true" });
    this.group = make("g");
    this.node.append(this.group);
    viewport.stage.append(this.node);
    const { session } = viewport;
    this.end = session.watch(["tool", "brushSize", "options", "draft", "info", "pendingStrokes", "isPainting", "filling", "classId", "classes"], () => this.update());
  }

  /** Follow the pointer (a contact); null: it has left the plane. */
  move(contact) {
    this.contact = contact;
    this.update();
  }

  /** Draw again: the view, the tool or what it draws has changed. */
  update() {
    const { view, tools, canvas, session } = this.viewport;
    canvas.dataset.cursor = session.state.tool;
    canvas.toggleAttribute("data-busy", Boolean(session.state.filling));
    const marks = view && tools ? (tools.current?.marks(this.isOff ? null : this.#contact()) ?? []) : [];
    if (view) this.group.setAttribute("transform", `matrix(${view.scale.col} 0 0 ${view.scale.row} ${view.x(0)} ${view.y(0)})`);
    marks.forEach((mark, i) => this.#draw(i, mark));
    for (const pair of this.nodes.splice(marks.length)) for (const node of pair) node.remove();
  }

  // The view may have moved under a pointer at rest.
  #contact() {
    if (!this.contact) return null;
    const { view } = this.viewport;
    const { x, y } = this.contact.point;
    return { ...this.contact, place: { row: view.row(y), col: view.col(x) } };
  }

  // Dark below, light above: seen on any grey.
  #draw(i, { kind, d, isDashed = false, width = null }) {
    this.nodes[i] ??= [make("path"), make("path")];
    if (!this.nodes[i][0].isConnected) this.group.append(...this.nodes[i]);
    this.nodes[i].forEach((node, layer) => {
      put(node, "class", `vx-mark vx-mark-${kind} ${layer ? "vx-mark-light" : "vx-mark-dark"}${isDashed ? " vx-mark-dashed" : ""}`);
      put(node, "d", d);
      node.style.strokeWidth = width === null ? "" : `${width}px`;
      node.style.color = kind === "ghost" || kind === "area" ? this.#color() : "";
    });
  }

  #color() {
    const { classes, classId, tool, options } = this.viewport.session.state;
    if (tool === "accept") return "#fff"; // each voxel has a colour of its own
    const isErasing = paintSettings({ classId, options }, tool).value === 0;
    return (!isErasing && classes.find(({ id }) => id === classId)?.color) || "#fff";
  }
}

function make(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function put(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

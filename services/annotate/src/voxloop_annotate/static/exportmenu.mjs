// The menu of files that a prediction can be taken away in: links, so that the browser saves what the server streams.

import { volumePath } from "./api.mjs";
import { element, icon } from "./element.mjs";

const ID = "vx-export-menu";

const FORMATS = [["tif", "TIFF"], ["nii.gz", "NIfTI"], ["zarr.zip", "OME-Zarr"]];

const LAYERS = [["confidence", "Confidence"], ["uncertainty", "Uncertainty"]];

export class ExportMenu {
  constructor(session) {
    this.session = session;
    this.button = element("button", { type: "button", class: "vx-secondary", popovertarget: ID, "aria-haspopup": "menu", "data-export": "menu" }, "Export", icon("down"));
    this.menu = element("div", { id: ID, class: "vx-export-menu", popover: "auto", "aria-label": "Export the prediction", ontoggle: (event) => this.#place(event) });
    this.node = element("div", { class: "vx-export" }, this.button, this.menu);
  }

  open(info) {
    this.button.disabled = !info;
    if (!info) return this.menu.replaceChildren();
    const base = volumePath(this.session.state.volume, `/predictions/${encodeURIComponent(info.id)}`);
    const files = (query) => FORMATS.map(([format, text]) => link(`${base}/export?${query}&format=${format}`, text));
    const line = (label, color, links) => element("div", { class: "vx-export-row" }, element("span", { class: "vx-export-name" }, color ? swatch(color) : null, label), ...links);
    const masks = info.classes.map(({ id, name, color }) => line(`only ${name}`, color, files(`class=${id}`)));
    const figures = [link(`${base}/amounts?format=csv`, "CSV"), link(`${base}/amounts`, "JSON", `${info.volume}-amounts.json`)];
    const layers = LAYERS.filter(([name]) => info.layers.includes(name)).map(([name, text]) => line(text, null, files(`layer=${name}`)));
    return this.menu.replaceChildren(line("All classes", null, files("layer=class")), ...masks, ...layers, line("Volumes and fractions", null, figures));
  }

  // Above the button where there is no room below, and inside the window.
  #place({ newState }) {
    if (newState !== "open") return;
    const { left, top, bottom } = this.button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    const below = bottom + 4 + height <= innerHeight ? bottom + 4 : Math.max(8, top - 4 - height);
    Object.assign(this.menu.style, { left: `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`, top: `${below}px` });
    this.menu.querySelector("a")?.focus();
  }
}

const link = (path, text, name = "") => element("a", { href: new URL(path, document.baseURI).href, download: name }, text);

function swatch(color) {
  const node = element("span", { class: "vx-chip-swatch" });
  node.style.background = color;
  return node;
}

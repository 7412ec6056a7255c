// How long something on the screen is, in the volume's unit.

import { element, setText } from "./element.mjs";
import { lengthText, roundLength, unitSign } from "./number.mjs";
import { gridOf } from "./session.mjs";

const LONGEST_PX = 160;

const LONGEST_SMALL_PX = 72;

export class ScaleBar {
  constructor({ stage, session, isMain }) {
    this.longest = isMain ? LONGEST_PX : LONGEST_SMALL_PX;
    this.text = element("span", { class: "vx-scale-text" });
    this.bar = element("span", { class: "vx-scale-line" });
    this.node = element("div", { class: "vx-scale", hidden: true, "aria-label": "Scale" }, this.text, this.bar);
    stage.append(this.node);
    this.close = session.watch(["info", "zoom"], (state) => this.#update(state));
  }

  #update({ info, zoom }) {
    this.node.hidden = !info;
    if (!info) return;
    const isVoxels = unitSign(info.unit) === "voxels";
    const pxPerUnit = zoom / (isVoxels ? 1 : Math.min(...gridOf(info).voxelSize));
    const length = roundLength(this.longest / pxPerUnit);
    setText(this.text, lengthText(length, info.unit));
    this.bar.style.width = `${length * pxPerUnit}px`;
  }
}

// A slider through the z slices of a volume, for pictures outside of the Annotate page.

import { writeFragment } from "./address.mjs";
import { element, setText } from "./element.mjs";
import { fillTrack } from "./range.mjs";

const SETTLE_MS = 120;

/** Give the slice that the address names (#z=40), or null. */
export function sliceOfAddress() {
  const text = new URLSearchParams(location.hash.slice(1)).get("z");
  return /^\d+$/.test(text ?? "") ? Number(text) : null;
}

/** Name a slice in the address. */
export const tellSlice = (index) => writeFragment(`z=${index}`);

export class SlicePicker {
  /** Begin at `index`; `show(index)` is called at once and when the slider has come to rest, `tell(index)` only then. */
  constructor({ shape }, index, show, tell) {
    const last = shape[0] - 1;
    this.text = element("output", { class: "vx-figure" });
    const slider = element("input", { type: "range", class: "vx-range", min: 0, max: last, value: Math.min(index, last), "aria-label": "Slice", "data-slices": "" });
    this.node = element("label", { class: "vx-slice-picker" }, element("span", { class: "vx-field-label" }, "z"), slider, this.text);
    const write = () => {
      fillTrack(slider);
      setText(this.text, `${slider.value} / ${last}`);
    };
    const settle = (at) => {
      if (!this.node.isConnected) return; // another page's address by now
      tell(at);
      show(at);
    };
    slider.addEventListener("input", () => {
      write();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => settle(Number(slider.value)), SETTLE_MS);
    });
    write();
    show(Number(slider.value));
  }
}

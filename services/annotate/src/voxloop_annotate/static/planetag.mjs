// Which plane this is, in its corner: axis and slice. On a small plane it is a button that makes it the large one.

import { element, icon, setText } from "./element.mjs";

export class PlaneTag {
  constructor(viewport) {
    this.viewport = viewport;
    const { stage, session, isMain } = viewport;
    this.text = element("span", { class: "vx-plane-text" });
    const toggle = { type: "button", class: "vx-plane", onclick: () => session.setAxis(viewport.axis) };
    this.node = isMain ? element("div", { class: "vx-plane" }, this.text) : element("button", toggle, this.text, icon("expand"));
    stage.append(this.node);
    this.close = session.watch(["info", "axis", "indices", "layout"], (state) => this.#update(state));
  }

  #update({ info, layout }) {
    const { axis, index, isMain } = this.viewport;
    this.node.hidden = !info || (isMain && layout === "one");
    this.node.dataset.axis = axis;
    setText(this.text, `${axis} ${index}`);
    if (!isMain) this.node.title = `Make the plane across ${axis} the large one (${axis})`;
  }
}

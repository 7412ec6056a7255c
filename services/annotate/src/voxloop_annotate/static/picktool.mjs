// Pick: the class under the pointer becomes the one to paint with.

import { pickLabel } from "./tooling.mjs";

export const pick = {
  name: "pick",
  label: "Pick class",
  key: "k",
  icon: "pick",
  hint: "click a label to paint with its class (or alt click with any tool)",
  options: [],
  make: (viewport) => new PickTool(viewport),
};

class PickTool {
  constructor(viewport) {
    this.viewport = viewport;
  }

  press() {
    const { session } = this.viewport;
    return { name: "click", move() {}, end: () => pickLabel(session, session.state.pointer?.label ?? null), cancel() {} };
  }

  marks() {
    return [];
  }
}

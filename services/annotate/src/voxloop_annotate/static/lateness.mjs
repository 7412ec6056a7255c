// Says over the image that it is not yet the slice that was asked for: after a moment while it loads, at once when it cannot.

import { element, icon, setIcon, setText } from "./element.mjs";

export class Lateness {
  constructor(viewport) {
    this.viewport = viewport;
    this.icon = icon("busy");
    this.text = element("span");
    this.node = element("div", { class: "vx-late", role: "status", hidden: true }, this.icon, this.text);
    viewport.stage.append(this.node);
    this.close = viewport.session.watch(["sliceState", "indices", "axis", "info", "problem"], () => this.update());
  }

  /** Look again whether the picture is late. */
  update() {
    const { scene, axis, index, session } = this.viewport;
    const { info, sliceState } = session.state;
    const isOffline = sliceState === "offline";
    const isLate = Boolean(info) && sliceState !== "ready" && (isOffline || !scene.isCurrent);
    this.node.hidden = !isLate;
    if (!isLate) return;
    this.node.dataset.state = sliceState;
    setIcon(this.icon, isOffline ? "offline" : "busy");
    setText(this.text, isOffline ? `The server does not answer. ${axis} ${index} is shown as soon as it does.` : `Loading ${axis} ${index} …`);
  }
}

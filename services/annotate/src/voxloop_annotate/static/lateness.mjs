// Says over the image that it is not yet the slice that was asked for: after a moment while it loads, at once when it cannot.

import { element, icon, setIcon, setText } from "./element.mjs";

// Most slices come sooner: even what is hidden, and turns, costs frames that would draw them.
const PATIENCE_MS = 400;

export class Lateness {
  constructor(viewport) {
    this.viewport = viewport;
    this.icon = icon("busy");
    this.text = element("span");
    this.node = element("div", { class: "vx-late", role: "status", hidden: true }, this.icon, this.text);
    viewport.stage.append(this.node);
    this.end = viewport.session.watch(["sliceState", "indices", "axis", "info", "problem"], () => this.update());
  }

  close() {
    this.end();
    clearTimeout(this.timer);
  }

  /** Look again whether the picture is late. */
  update() {
    const { scene, session } = this.viewport;
    const { info, sliceState } = session.state;
    const isOffline = sliceState === "offline";
    const isLate = Boolean(info) && sliceState !== "ready" && (isOffline || !scene.isCurrent);
    if (isOffline || (isLate && !this.node.hidden)) return this.#show(isOffline);
    this.node.hidden = true;
    if (isLate) this.timer ??= setTimeout(() => this.#show(false), PATIENCE_MS);
    else this.#forget();
  }

  #show(isOffline) {
    const { axis, index, session } = this.viewport;
    this.#forget();
    this.node.hidden = false;
    this.node.dataset.state = session.state.sliceState;
    setIcon(this.icon, isOffline ? "offline" : "busy");
    setText(this.text, isOffline ? `The server does not answer. ${axis} ${index} is shown as soon as it does.` : `Loading ${axis} ${index} …`);
  }

  #forget() {
    clearTimeout(this.timer);
    this.timer = null;
  }
}

// The outline of the brush around the pointer, in its true size on the screen.

import { element } from "./element.mjs";

export class BrushCursor {
  constructor(viewport) {
    this.viewport = viewport;
    this.node = element("div", { class: "vx-brush", hidden: true });
    viewport.stage.append(this.node);
    const { session } = viewport;
    this.end = session.watch(["tool", "brushSize", "classId", "classes", "info"], () => this.update());
  }

  /** Follow the pointer; null hides the outline. */
  move(point) {
    this.point = point;
    this.update();
  }

  update() {
    const { tool, brushSize, zoom, info } = this.viewport.session.state;
    const isShown = Boolean(info && this.point && (tool === "brush" || tool === "erase") && !this.isOff);
    this.node.hidden = !isShown;
    if (!isShown) return;
    const size = Math.max(3, brushSize * zoom);
    this.node.style.width = this.node.style.height = `${size}px`;
    this.node.style.transform = `translate(${this.point.x - size / 2}px, ${this.point.y - size / 2}px)`;
    this.node.dataset.tool = tool;
  }
}

// Two fingers on a plane: zoom as they part, pan as they move together.

export class Pinch {
  /** `touches` is a Map of pointer ids to points {x, y}, kept up to date by the caller. */
  constructor(viewport, touches) {
    Object.assign(this, { viewport, touches, last: spanOf(touches) });
  }

  move() {
    const now = spanOf(this.touches);
    const { last, viewport } = this;
    viewport.session.setView(viewport.view.zoomAt(last.x, last.y, now.length / last.length));
    viewport.session.setView({ center: viewport.view.panBy(now.x - last.x, now.y - last.y) });
    this.last = now;
  }
}

function spanOf(touches) {
  const [a, b] = [...touches.values()];
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, length: Math.max(1, Math.hypot(b.x - a.x, b.y - a.y)) };
}

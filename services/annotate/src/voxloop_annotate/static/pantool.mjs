// Pan: drag the image; the tool for a finger or a pen, a mouse has the middle button.

export const pan = {
  name: "pan",
  label: "Pan",
  key: "v",
  icon: "pan",
  hint: "drag the image (or space drag with any tool)",
  options: [],
  make: (viewport) => ({ press: (contact) => dragImage(viewport, contact), marks: () => [] }),
};

/** Give the gesture that moves the image along with the pointer. */
export function dragImage(viewport, { point }) {
  let last = point;
  const move = (contacts) => {
    const to = contacts.at(-1).point;
    viewport.session.setView({ center: viewport.view.panBy(to.x - last.x, to.y - last.y) });
    last = to;
  };
  return { name: "pan", move, end() {}, cancel() {} };
}

// Says over the image that what is seen is a preview, of what, and that it is not saved; closes it.

import { element, iconButton, setText } from "./element.mjs";
import { closePreview } from "./previewoverlay.mjs";

export class PreviewTag {
  constructor(node, session) {
    this.text = element("span", { role: "status" });
    const close = iconButton("close", "Show the prediction again", "", { class: "vx-icon-button vx-row-button", "data-action": "close-preview", onclick: () => closePreview(session) });
    this.node = element("div", { class: "vx-preview-tag", hidden: true }, element("span", { class: "vx-preview-mark" }, "Preview"), this.text, close);
    node.append(this.node);
    this.end = session.watch(["preview"], ({ preview }) => {
      this.node.hidden = !preview;
      setText(this.text, preview ? `${preview.note} · not saved` : "");
    });
  }
}

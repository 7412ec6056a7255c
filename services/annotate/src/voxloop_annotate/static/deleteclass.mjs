// The question before a class with voxels is deleted: what shall become of them?

import { element } from "./element.mjs";
import { shortCount } from "./number.mjs";

/** Ask; gives 0 (unlabelled), the id of another class, or null when it shall stay. */
export function askWhereVoxelsGo({ name }, count, others) {
  const into = element("select", { class: "vx-select", "aria-label": "What its voxels become" }, option(0, "unlabelled"), ...others.map((each) => option(each.id, each.name)));
  const stay = element("button", { type: "button", class: "vx-secondary", onclick: () => dialog.close("") }, "Keep it");
  const go = element("button", { type: "button", class: "vx-danger", "data-action": "delete-class", onclick: () => dialog.close(into.value) }, "Delete");
  const dialog = element(
    "dialog",
    { class: "vx-dialog", "aria-labelledby": "vx-delete-title" },
    element("h2", { id: "vx-delete-title" }, `Delete “${name}”?`),
    element("p", {}, `${shortCount(count)} voxels carry this class, on all slices. They become`),
    into,
    element("p", { class: "vx-quiet" }, "Undo (ctrl z) brings the class and its voxels back. Models and predictions made with it stay as they are."),
    element("footer", {}, stay, go),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "" ? null : Number(dialog.returnValue));
    });
  });
}

function option(value, text) {
  return element("option", { value }, text);
}

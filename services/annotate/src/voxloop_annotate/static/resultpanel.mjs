// The ResultPanel component: of the prediction that is shown, amounts per class, files, post-processing.

import { AmountTable } from "./amounttable.mjs";
import { ChainEditor } from "./chaineditor.mjs";
import { element } from "./element.mjs";
import { ExportMenu } from "./exportmenu.mjs";
import { session } from "./session.mjs";

/** Fill `node`; it is empty until there is a prediction. */
export function mount(node) {
  const [table, files, editor] = [new AmountTable(session), new ExportMenu(session), new ChainEditor(session)];
  node.replaceChildren(table.node, element("div", { class: "vx-result-actions" }, files.node), editor.node);
  let shown;
  const end = session.watch(["prediction", "predictions", "info"], ({ prediction, predictions, info }) => {
    const found = (info && predictions.find(({ id, partial }) => id === prediction && !partial)) ?? null;
    node.hidden = !found;
    if (found?.id === shown) return;
    shown = found?.id;
    for (const part of [table, files, editor]) part.open(found);
  });
  return { update() {}, unmount: () => (end(), editor.close(), node.replaceChildren()) };
}

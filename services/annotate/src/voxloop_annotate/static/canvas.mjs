// The Canvas component: the image with all that lies on it, and the slice bar below.

import { annotation } from "./annotation.mjs";
import { CompareDivider } from "./comparedivider.mjs";
import { element } from "./element.mjs";
import { Help } from "./help.mjs";
import { Notice } from "./notice.mjs";
import { Layout } from "./layout.mjs";
import { OptionsBar } from "./optionsbar.mjs";
import { live } from "./live.mjs";
import * as panel from "./panel.mjs";
import { PreviewTag } from "./previewtag.mjs";
import { ReviewFrame } from "./reviewframe.mjs";
import { session } from "./session.mjs";
import { listenToKeys } from "./shortcuts.mjs";
import { SliceBar } from "./slicebar.mjs";
import * as theme from "./theme.mjs";
import { Toasts } from "./toasts.mjs";
import { followAddress, readHash } from "./urlstate.mjs";
import { openVolume } from "./volume.mjs";

/** Fill `node`; the volume and prediction to show come as props. */
export function mount(node, props) {
  const stage = element("div", { class: "vx-canvas-stage" });
  node.replaceChildren(stage);
  const layout = new Layout(stage, session, annotation);
  const { stage: view } = layout.main;
  const parts = [new Notice(view, session, () => open(session.state.volume)), new SliceBar(node, session), new OptionsBar(node, session), new PreviewTag(view, session), new CompareDivider(view, session), new ReviewFrame(layout.main)];
  const toasts = new Toasts(view, session);
  const help = new Help();
  const ends = [...parts.map((part) => part.end), toasts.end, listenToKeys({ session, annotation, help, panel, theme }), followAddress(session), guardLeaving()];
  window.voxloop = { session, annotation, help, layout };
  update(props);
  return { update, unmount: () => close(node, layout, help, ends) };
}

function update({ volume = null, prediction = null }) {
  if (volume !== session.state.volume) open(volume);
  session.set({ prediction });
}

// Only the first volume of a page takes its view from the address; another one starts in its middle.
let isAddressUsed = false;

function open(volume) {
  const wish = isAddressUsed ? {} : readHash(location.hash);
  if (volume) isAddressUsed = true;
  openVolume(session, annotation, volume, wish);
}

function close(node, layout, help, ends) {
  help.close();
  live.stop();
  layout.close();
  for (const end of ends) end();
  node.replaceChildren();
}

// Strokes that neither the server nor the browser's own store has would be lost with the page.
function guardLeaving() {
  const guard = (event) => !session.state.areStrokesKept && event.preventDefault();
  window.addEventListener("beforeunload", guard);
  return () => window.removeEventListener("beforeunload", guard);
}

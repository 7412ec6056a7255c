// The FlagList component: the places to look at again; a click goes there, the tick takes the flag down.

import { element, icon, iconButton, setText } from "./element.mjs";
import { addFlag, removeFlag, showFlag } from "./flags.mjs";
import { extentOf, rectOf } from "./plane.mjs";
import { session } from "./session.mjs";
import { agoText } from "./time.mjs";

/** Fill `node` with the flags. */
export function mount(node) {
  const empty = element("div", { class: "vx-quiet" }, "Nothing flagged. ", element("kbd", {}, "shift l"), " flags what you see.");
  const list = element("ol", { class: "vx-rows vx-flag-rows", "aria-label": "Places to look at again" });
  node.replaceChildren(empty, list);
  const end = session.watch(["flags", "info"], ({ flags, info }) => {
    empty.hidden = flags.length > 0;
    list.hidden = !flags.length;
    list.replaceChildren(...(info ? flags.map((flag) => row(flag, info)) : []));
  });
  return { update() {}, unmount: () => (end(), node.replaceChildren()) };
}

/** Flag what the plane under the pointer, or else the large one, shows. */
export function flagView(plane) {
  const { axis, index, view } = plane;
  if (view) addFlag(session, { axis, index, rect: view.visibleRect() });
}

function row(flag, { shape }) {
  const { axis, index, author, time } = flag;
  const name = element("span", { class: "vx-flag-name" }, `${axis} ${index}`);
  const part = element("span", { class: "vx-row-text vx-row-note" });
  setText(part, partText(flag, shape));
  const age = element("span", { class: "vx-row-note", title: `${new Date(time).toLocaleString()} by ${author}` }, agoText(new Date(time)));
  const done = iconButton("check", "Looked at: take the flag down", "", { class: "vx-icon-button vx-row-button vx-tip-left", "data-action": "unflag", onclick: (event) => (event.stopPropagation(), removeFlag(session, flag)) });
  const go = () => showFlag(session, flag);
  const onKey = (event) => event.target === event.currentTarget && event.key === "Enter" && go();
  return element("li", { class: "vx-flag-row", tabindex: "0", "data-flag": flag.id, onclick: go, onkeydown: onKey }, icon("flag"), name, part, age, done);
}

/** Say how large the part of a slice is that a flag is about. */
export function partText({ axis, index, box }, shape) {
  const { r0, r1, c0, c1 } = rectOf(axis, index, box);
  const { rows, cols } = extentOf(axis, shape);
  return r1 - r0 === rows && c1 - c0 === cols ? "whole slice" : `${r1 - r0} × ${c1 - c0} at ${r0}, ${c0}`;
}

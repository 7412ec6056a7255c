// Who the server says is here, and what they may do: shown in the header, and told to whatever paints.

import { getJson } from "./api.mjs";
import { isLooking, whyNot } from "./rights.mjs";
import { session } from "./session.mjs";

/** Ask the server who is here, show it, and go on doing so; on a page of one's own nothing is shown. */
export function listen() {
  session.watch(["me"], ({ me }) => show(me));
  load();
}

/** Roles were changed: a page whose own role is another now starts anew, for all of it depends on that. */
export async function check() {
  const before = session.state.me?.role;
  await load();
  if (before && session.state.me?.role !== before) location.reload();
}

async function load() {
  try {
    take(session, await getJson("api/me"));
  } catch (error) {
    console.warn(error); // what may not be done is refused by the server anyway
  }
}

/** Take over who is here: somebody who only looks has a tool that only looks. */
export function take(target, me) {
  target.set({ me });
  if (!me.may_change && !isLooking(target.state.tool)) target.set({ tool: "pan" });
}

// The header may be drawn later than this is known.
function show(me) {
  const slot = document.getElementById("role");
  if (!slot) return void (me && setTimeout(() => show(session.state.me), 100));
  document.documentElement.dataset.vxRole = me?.role ?? "";
  slot.textContent = me && me.user !== me.host ? `${me.user} · ${me.may_change ? me.role : "view only"}` : "";
  slot.title = me && !me.may_change ? whyNot(session.state) : "";
}

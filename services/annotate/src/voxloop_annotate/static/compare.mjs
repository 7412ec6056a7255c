// Comparing what is predicted with another prediction, or with the labels: side by side under a border that one drags (swipe), or one
// and the other in the same place (flicker). The session's `compare` is null or {other: prediction id | "labels", mode, share, isHeld}.

/** Compare with `other`; null ends it. */
export function compareWith(session, other) {
  const { mode = "swipe", share = 0.5 } = session.state.compare ?? {};
  session.set({ compare: other && { other, mode, share, isHeld: false } });
}

/** Swipe or flicker. */
export const setMode = (session, mode) => change(session, { mode });

/** Put the border at a share (0..1) of the width. */
export const setShare = (session, share) => change(session, { share: Math.min(1, Math.max(0, share)) });

/** Show the other one while a key is held. */
export function flicker(session, name = "0") {
  if (!session.state.compare) return session.say("choose what to compare with, below the prediction that is shown");
  if (session.state.compare.isHeld) return undefined;
  change(session, { isHeld: true });
  const release = (event) => {
    if (event.type === "keyup" && event.key !== name) return;
    window.removeEventListener("keyup", release);
    window.removeEventListener("blur", release);
    change(session, { isHeld: false });
  };
  window.addEventListener("keyup", release);
  window.addEventListener("blur", release); // the key may be let go elsewhere
  return undefined;
}

/** Give the prediction to fetch for a comparison, or null. */
export const otherOf = (compare) => (compare && compare.other !== "labels" ? compare.other : null);

/** Say which layers are drawn on which side only. */
export function sidesOf(compare) {
  if (!compare) return {};
  const left = { prediction: "left", confidence: "left", uncertainty: "left" };
  return compare.other === "labels" ? { ...left, labels: "right" } : { ...left, difference: "left", other: "right" };
}

/** Give the share of the width where the border is. */
export function shareOf(compare) {
  if (!compare) return 1;
  if (compare.isHeld) return 0;
  return compare.mode === "flicker" ? 1 : compare.share;
}

function change(session, patch) {
  const { compare } = session.state;
  if (compare) session.set({ compare: { ...compare, ...patch } });
}

// A change of the labels on its way to the server: what is asked for, and how it is written as a request.

import { volumePath } from "./api.mjs";

const ROUTES = { stroke: "/strokes", fill: "/fills", undo: "/undo", redo: "/redo", jump: "/jump", restore: "/restore" };

/** Make a change of `kind` (stroke, fill, undo, redo, jump, restore, deleteClass) with an id of its own. */
export function makeChange(kind, volume, body = {}) {
  const id = body.id ?? makeId();
  return { id, kind, volume, body: { ...body, id } };
}

/** Give {method, path, body} of a change. */
export function requestOf({ kind, volume, body }) {
  if (kind !== "deleteClass") return { method: "POST", path: volumePath(volume, ROUTES[kind]), body };
  const { classId, into, id } = body;
  return { method: "DELETE", path: volumePath(volume, `/classes/${classId}?into=${into}&id=${id}`) };
}

/** Give the part that can be kept and sent again. */
export const plainOf = ({ id, kind, volume, body }) => ({ id, kind, volume, body });

// crypto.randomUUID needs a secure context, which a plain http address of another host is not.
export function makeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

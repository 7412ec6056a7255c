// The service's HTTP interface; every address is relative to the page, so it works behind a path prefix.

import { ARRAYS } from "./lookup.mjs";

/** The server answered and said no. */
export class ApiError extends Error {
  constructor(status, { type = "error", message = `the server answered ${status}`, detail = null } = {}) {
    super(message);
    Object.assign(this, { name: "ApiError", status, type, detail });
  }
}

/** The server did not answer. */
export class OfflineError extends Error {
  constructor(cause) {
    super("the server does not answer");
    Object.assign(this, { name: "OfflineError", cause });
  }
}

/** Give the answer of `path`; throws ApiError, OfflineError, or the AbortError of `options.signal`. */
export async function request(path, options = {}) {
  let answer;
  try {
    answer = await fetch(new URL(path, document.baseURI), { credentials: "same-origin", ...options });
  } catch (error) {
    throw error.name === "AbortError" ? error : new OfflineError(error);
  }
  if (!answer.ok) throw new ApiError(answer.status, await readError(answer));
  return answer;
}

export async function getJson(path, signal) {
  return (await request(path, { signal })).json();
}

export async function sendJson(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await request(path, { method, headers, body: JSON.stringify(body ?? {}) })).json();
}

/** Give {data, rows, cols, dtype, isExact} of a route that answers with raw voxels, or with none if all are 0; a preview may be a guess. */
export async function getSlice(path, signal) {
  const answer = await request(path, { signal });
  const [rows, cols] = (answer.headers.get("X-Shape") ?? "").split(",").map(Number);
  const dtype = answer.headers.get("X-Dtype") ?? "uint8";
  const bytes = await answer.arrayBuffer();
  const data = new ARRAYS[dtype](bytes.byteLength ? bytes : rows * cols);
  return { data, rows, cols, dtype, isExact: answer.headers.get("X-Exact") !== "no" };
}

/** Give the path below a volume, with its id made safe. */
export const volumePath = (volume, rest = "") => `api/volumes/${encodeURIComponent(volume)}${rest}`;

async function readError(answer) {
  try {
    return (await answer.json()).error ?? {};
  } catch {
    return {};
  }
}

// The addresses of models: pages for people, routes for the service.

import { request, sendJson } from "./api.mjs";
import { element } from "./element.mjs";

/** Give the route of a version, or of what belongs to it. */
export const versionRoute = (name, which, rest = "") => `api/models/${encodeURIComponent(name)}/versions/${encodeURIComponent(which)}${rest}`;

/** Give the route of an alias of a name. */
export const aliasRoute = (name, alias) => `api/models/${encodeURIComponent(name)}/aliases/${encodeURIComponent(alias)}`;

/** Give the page of a version. */
export const versionPage = (name, version) => `./models/${encodeURIComponent(name)}/${version}`;

/** Change the tags or description of a version. */
export const describeVersion = ({ name, version }, patch) => sendJson("PATCH", versionRoute(name, version), patch);

/** Delete a version. */
export const deleteVersion = async ({ name, version }) => (await request(versionRoute(name, version), { method: "DELETE" })).json();

/** Bring a deleted version back. */
export const restoreVersion = ({ name, version }) => sendJson("POST", versionRoute(name, version, "/restore"));

/** The packages that a version can be taken away in; all but the first take a while to make. */
export const PACKAGES = [["voxloop", "voxloop bundle", "For another voxloop: weights, manifest, tags"], ["bioimageio", "bioimage.io package", "For ilastik, deepImageJ and others"], ["onnx", "ONNX", "The network alone, for any runtime"]];

/** Ask for a package that has to be made first, and hand it to the browser to keep. */
export async function savePackage(record, format) {
  const answer = await request(packageRoute(record, format));
  const [, name] = /filename="?([^";]+)/.exec(answer.headers.get("Content-Disposition") ?? "") ?? [null, `${record.name}-${record.version}`];
  const href = URL.createObjectURL(await answer.blob());
  element("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000); // the browser reads it after the click
}

/** Give the address of a package. */
export const packageRoute = ({ name, version }, format) => versionRoute(name, version, `/export?format=${format}`);

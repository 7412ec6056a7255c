// What the list of models shows, as a part of the address: #q=bone&learner=unet&group=volume&sort=-dice. No DOM.

/** The fields of a query (ModelQuery on the server) with the values that say nothing. */
export const EVERYTHING = { q: "", learner: null, volume: null, author: null, label_class: null, tag: null, alias: null, least_dice: null, newest: false, trash: false, group: "", opened: [] };

/** Give the hash (without #) for a query and a sorting {column, order}; what is as it is by default is left out. */
export function writeView(query, sort) {
  const fields = new URLSearchParams();
  for (const [name, usual] of Object.entries(EVERYTHING)) {
    const value = query[name];
    if (name === "opened") {
      if (query.group && value.length) fields.set(name, value.join("\n"));
    } else if (value !== usual && value !== "" && value !== undefined) fields.set(name, String(value));
  }
  if (sort) fields.set("sort", `${sort.order === "desc" ? "-" : ""}${sort.column}`);
  return fields.toString();
}

/** Say whether a query leaves anything out. */
export const isFiltered = (query) => Object.keys(EVERYTHING).some((name) => !["group", "opened"].includes(name) && (query[name] ?? null) !== EVERYTHING[name] && query[name] !== "");

/** Give the query after a group was opened or closed. */
export function toggleGroup(query, value) {
  const opened = query.opened.includes(value) ? query.opened.filter((each) => each !== value) : [...query.opened, value];
  return { ...query, opened };
}

/** Give what a comparison of models ("name:version") is reached by, or null where there are too few or too many. */
export function comparePath(models) {
  return models.length >= 2 && models.length <= 4 ? `./models/compare/${models.join(",")}` : null;
}

// Where the nodes of a lineage stand: columns from what was there first to what came of it, no DOM.

/** Give {places: Map(id → {column, row}), columns, rows}; in a column nodes stand near those that they come from. Circles are left alone. */
export function placeNodes(nodes, edges) {
  const column = columnsOf(nodes, edges);
  const parents = groupBy(edges.filter(({ source, target }) => column.has(source) && column.has(target)), ({ target }) => target);
  const places = new Map();
  const columns = Math.max(0, ...column.values()) + 1;
  let rows = 0;
  for (let at = 0; at < columns; at++) {
    const here = nodes.filter(({ id }) => column.get(id) === at);
    const weight = new Map(here.map(({ id }, i) => [id, meanRow(parents.get(id) ?? [], places) ?? i]));
    here.sort((a, b) => weight.get(a.id) - weight.get(b.id));
    here.forEach(({ id }, row) => places.set(id, { column: at, row }));
    rows = Math.max(rows, here.length);
  }
  return { places, columns, rows };
}

/** Give per node the length of the longest way to it. */
function columnsOf(nodes, edges) {
  const found = new Map(nodes.map(({ id }) => [id, 0]));
  const known = edges.filter(({ source, target }) => found.has(source) && found.has(target) && source !== target);
  for (let turn = 0, isChanged = true; isChanged && turn < nodes.length; turn++) {
    isChanged = false;
    for (const { source, target } of known) {
      if (found.get(target) > found.get(source)) continue;
      found.set(target, found.get(source) + 1);
      isChanged = true;
    }
  }
  return pulledRight(found, known);
}

// A volume or job that nothing leads to stands right before what it gave, not far away from it.
function pulledRight(found, edges) {
  const targets = groupBy(edges, ({ source }) => source);
  const isReached = new Set(edges.map(({ target }) => target));
  for (const [id, own] of targets) {
    if (isReached.has(id)) continue;
    found.set(id, Math.max(0, Math.min(...own.map(({ target }) => found.get(target))) - 1));
  }
  return found;
}

function meanRow(edges, places) {
  const rows = edges.map(({ source }) => places.get(source)?.row).filter((row) => row !== undefined);
  return rows.length ? rows.reduce((a, b) => a + b, 0) / rows.length : null;
}

function groupBy(entries, keyOf) {
  const found = new Map();
  for (const entry of entries) found.set(keyOf(entry), [...(found.get(keyOf(entry)) ?? []), entry]);
  return found;
}

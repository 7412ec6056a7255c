// DOM elements in one line each.

/** Make an element: `on…` attributes are listeners, true and false set or leave out, children are nodes or text. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make the icon `name` of icons.svg, which stands in the document; it takes the colour of the text around it. */
export function icon(name) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  node.setAttribute("class", "vx-icon");
  node.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  node.append(use);
  return node;
}

/** Show another icon in a node made by `icon`. */
export function setIcon(node, name) {
  const href = `#icon-${name}`;
  if (node.firstChild.getAttribute("href") !== href) node.firstChild.setAttribute("href", href);
}

/** Make a button with an icon, a name for screen readers and tooltip, and a shortcut. */
export function iconButton(name, label, key, attributes = {}) {
  const hint = key ? `${label}  (${key})` : label;
  return element("button", { type: "button", class: "vx-icon-button", "aria-label": hint, "data-tip": hint, ...attributes }, icon(name));
}

/** Write text only where it differs, so that nothing is laid out for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (value === true) node.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
}

// Links between pages without loading the document anew: the address changes, and Dash draws the page that it names.

const WITHIN = "a[href]:not([download], [target], [data-dash-is-loading])";

/** Go to an address of this site, as a link does. */
export function go(href) {
  const { pathname, search, hash } = new URL(href, document.baseURI);
  window.dash_clientside.set_props("url", { pathname, search: search || location.search, hash });
}

/** Let plain links below a `[data-links]` go that way; with a key held, or to another site, the browser does what it always does. */
export function listen() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.(WITHIN);
    if (!link?.closest("[data-links], .vx-grid") || !isPlain(event) || link.origin !== location.origin || isPlace(link)) return;
    event.preventDefault();
    go(link.href);
  });
}

// A place in a volume is read from the address when the image is first shown: only a new document is sure to look there.
const isPlace = ({ hash }) => hash.includes("axis=");

const isPlain = (event) => !event.defaultPrevented && event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

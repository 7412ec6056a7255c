// What follows # in the address. It says what is shown, so that who copies the address shows a colleague the same.

/** Write it without an entry in the browser's history, and tell Dash, which else sets the address back with its next answer. */
export function writeFragment(text) {
  history.replaceState(history.state, "", `${location.pathname}${location.search}${text && `#${text}`}`);
  window.dash_clientside.set_props("url", { href: location.href, hash: location.hash });
}

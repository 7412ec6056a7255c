// Dark or light: an attribute of the page, remembered in this browser.

const KEY = "voxloop-theme";

/** Read the theme that the page shows. */
export const current = () => document.documentElement.dataset.bsTheme ?? "dark";

/** Change to the other theme and remember it. */
export function toggle() {
  const theme = current() === "dark" ? "light" : "dark";
  document.documentElement.dataset.bsTheme = theme;
  localStorage.setItem(KEY, theme);
}

/** Let clicks on #theme toggle; works for a button that Dash renders later. */
export function listen() {
  document.addEventListener("click", (event) => event.target.closest?.("#theme") && toggle());
}

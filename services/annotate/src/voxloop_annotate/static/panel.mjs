// The panel at the right: it can be put away, and so can each of its sections.

const KEY = "voxloop-panel";

/** Put the panel away or bring it back, and remember that. */
export function toggle() {
  const isHidden = document.documentElement.toggleAttribute("data-vx-wide");
  localStorage.setItem(KEY, isHidden ? "hidden" : "shown");
}

/** Let clicks on a section's title fold it and clicks on [data-action=panel] toggle the panel. */
export function listen() {
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-action=panel]")) toggle();
    const title = event.target.closest?.(".vx-section-title");
    if (title && !event.target.closest("button, a, input")) title.parentElement.toggleAttribute("data-folded");
  });
}

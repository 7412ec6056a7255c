// Closes notices that the server drew. React owns their nodes: they are hidden, not removed.

export function listen() {
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.('[data-action="dismiss"]');
    if (button) button.closest(".vx-toast").hidden = true;
  });
}

// A question over the page: what it is about, and buttons to answer. What cannot be done is said in it, and it stays open.

import { element, setText } from "./element.mjs";
import { ProblemLine } from "./problemline.mjs";

let count = 0;

/**
 * Ask; `contents` are nodes, `answers` = [{text, kind, act, name, isOff}] with kind "primary", "danger" or "secondary". `act` may take its time;
 * when it fails the dialog says why, otherwise it closes. Gives a promise of what `act` gave, undefined when it was cancelled.
 */
export function ask(title, contents, answers) {
  count += 1;
  const id = `vx-question-${count}`;
  const problem = new ProblemLine("vx-problem");
  let result;
  const buttons = answers.map((answer) => button(answer, () => run(answer)));
  const cancel = element("button", { type: "button", class: "vx-secondary", onclick: () => dialog.close() }, answers.length ? "Cancel" : "Close");
  const dialog = element("dialog", { class: "vx-dialog vx-question", "aria-labelledby": id }, element("h2", { id }, title), ...contents, problem.node, element("footer", {}, cancel, ...buttons));

  async function run({ act, busy }) {
    const texts = buttons.map((each) => each.textContent);
    for (const each of buttons) each.disabled = true;
    if (busy) setText(buttons[answers.findIndex((answer) => answer.busy === busy)], busy);
    const isDone = await problem.attempt(async () => {
      result = (await act()) ?? true;
    });
    if (isDone) return dialog.close();
    buttons.forEach((each, i) => {
      each.disabled = false;
      setText(each, texts[i]);
    });
    return null;
  }

  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
  });
}

function button({ text, kind = "primary", name = null, isOff = false }, onclick) {
  return element("button", { type: "button", class: `vx-${kind}`, "data-answer": name, disabled: isOff, onclick }, text);
}

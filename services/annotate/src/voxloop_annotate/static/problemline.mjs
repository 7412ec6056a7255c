// The line that says what could not be done, where it was asked for.

import { element, setText } from "./element.mjs";

export class ProblemLine {
  /** `wording` puts an error into words. */
  constructor(name, wording = (error) => error.message) {
    this.wording = wording;
    this.node = element("div", { class: name, role: "alert", hidden: true });
  }

  /** Say what went wrong; null: nothing did. */
  tell(error) {
    this.node.hidden = !error;
    setText(this.node, error ? this.wording(error) : "");
  }

  /** Do something and say why when it fails; true when it was done. */
  async attempt(act) {
    let problem = null;
    try {
      await act();
    } catch (error) {
      problem = error;
    }
    this.tell(problem);
    return !problem;
  }
}

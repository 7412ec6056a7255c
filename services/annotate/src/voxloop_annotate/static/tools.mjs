// The tools. Each is {name, label, key, icon, hint, options, make(viewport)}; what it makes for a plane has
//   press(contact)   a gesture {name, move(contacts), end(), cancel()} that begins there, or nothing
//   marks(contact)   what to draw over the plane, as in overlay.mjs, for a pointer at contact or elsewhere (null)
//   close()          (optional) the plane goes away

import { accept } from "./accepttool.mjs";
import { brush, erase } from "./brushtool.mjs";
import { flood } from "./floodtool.mjs";
import { lasso } from "./lassotool.mjs";
import { pan } from "./pantool.mjs";
import { pick } from "./picktool.mjs";
import { polygon } from "./polygontool.mjs";
import { ellipse, rectangle } from "./shapetool.mjs";
import { smart } from "./smarttool.mjs";

export const TOOLS = [brush, erase, polygon, lasso, rectangle, ellipse, flood, smart, accept, pick, pan];

/** Give the tool of a name. */
export const toolOf = (name) => TOOLS.find((tool) => tool.name === name);

/** One of each tool for a plane. */
export class ToolSet {
  constructor(viewport) {
    this.session = viewport.session;
    this.made = new Map(TOOLS.map((tool) => [tool.name, tool.make(viewport)]));
  }

  get current() {
    return this.made.get(this.session.state.tool);
  }

  of(name) {
    return this.made.get(name);
  }

  close() {
    for (const tool of this.made.values()) tool.close?.();
  }
}

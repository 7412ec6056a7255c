// What whoever is here may do, as the server has said (`me` of the session's state).

const LOOKING = new Set(["pan", "pick"]);

/** Say whether whoever is here may change anything; until the server has said so, yes: it decides in the end. */
export const mayChange = ({ me }) => me?.may_change !== false;

/** Say whether a tool only looks. */
export const isLooking = (tool) => LOOKING.has(tool);

/** Say why nothing can be changed here. */
export const whyNot = ({ me }) => `you are a viewer here: ask ${me.host} for the role annotator to paint`;

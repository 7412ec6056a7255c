// The title of the browser's tab: how far the newest job is, and that one has ended while nobody looked.

import { session } from "./session.mjs";

const NAME = "voxloop";

let hasNews = false;

let wasRunning = false;

/** Keep the title up to date. */
export function listen() {
  session.watch(["jobs"], ({ jobs }) => {
    const isRunning = Boolean(runningOf(jobs));
    if (wasRunning && !isRunning && document.hidden) hasNews = true;
    wasRunning = isRunning;
    show();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) hasNews = false;
    show();
  });
}

function show() {
  const title = titleOf(session.state.jobs, hasNews);
  if (document.title !== title) document.title = title;
}

/** Give the title for {service: job | null}. */
export function titleOf(jobs, isNews = false) {
  const job = runningOf(jobs);
  if (job) return `${Math.floor(100 * (job.progress ?? 0))} % ${job.kind === "train" ? "training" : "predicting"} · ${NAME}`;
  return isNews ? `● done · ${NAME}` : NAME;
}

const runningOf = (jobs) => Object.values(jobs).find((job) => job?.state === "running") ?? null;

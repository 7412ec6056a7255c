// The EventStream component: the server's events, into the session at once and into Dash a few times a second.

import { annotation } from "./annotation.mjs";
import { loadFlags } from "./flags.mjs";
import { loadReview } from "./review.mjs";
import { live } from "./live.mjs";
import { check as checkRole } from "./role.mjs";
import { session } from "./session.mjs";
import { Throttle } from "./throttle.mjs";
import { loadClasses, loadPredictions } from "./volume.mjs";

const PERIOD_MS = 250;

const REOPEN_MS = [500, 1000, 2000, 5000];

/** Open the events of the `volume` in the props; nothing is drawn. */
export function mount(node, props, setProps) {
  node.hidden = true;
  let stream = null;
  let { predictions = 0 } = props;
  const report = new Throttle(setProps, PERIOD_MS);
  const countUp = () => report.push({ predictions: (predictions += 1) });
  const update = ({ volume = null }) => {
    if (stream?.volume === volume) return;
    stream?.close();
    report.push({ jobs: { train: null, infer: null } });
    session.set({ jobs: { train: null, infer: null } });
    stream = new EventFeed(volume, report, countUp);
  };
  update(props);
  const endFocus = session.watch(["indices"], ({ indices, info }) => info && report.push({ focus: indices }));
  return { update, unmount: () => (endFocus(), stream.close(), report.close()) };
}

class EventFeed {
  constructor(volume, report, countUp) {
    Object.assign(this, { volume, report, countUp, jobs: { train: null, infer: null }, failures: 0, isFirst: true });
    this.#open();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.source?.close();
  }

  #open() {
    const query = this.volume ? `?volume=${encodeURIComponent(this.volume)}` : "";
    this.source = new EventSource(new URL(`api/events${query}`, document.baseURI));
    this.source.onopen = () => this.#onOpen();
    this.source.onerror = () => this.#onError();
    const on = (type, act) => this.source.addEventListener(type, (event) => act(JSON.parse(event.data)));
    on("stroke", (stroke) => this.#isShown() && annotation.receive(stroke));
    on("classes", (classes) => this.#isShown() && session.takeClasses(classes));
    on("progress", (progress) => this.#isShown() && session.set({ progress: progress.done < progress.total ? progress : null }));
    on("flags", ({ flags }) => this.#isShown() && session.set({ flags }));
    on("live", (event) => this.#isShown() && live.receive(event));
    on("review", () => this.#isShown() && loadReview(session));
    on("job", (job) => (job.kind === "review" ? this.#onReviewJob(job) : this.#onJob(job)));
    on("people", () => checkRole());
    on("services", (services) => this.report.push({ services }));
    on("predictions", () => this.#onPredictions());
  }

  #isShown() {
    return session.state.volume === this.volume;
  }

  // What happened while the stream was down is unknown, so everything that events keep fresh is asked for again.
  #onOpen() {
    const isAgain = !this.isFirst || this.#isShown();
    this.failures = 0;
    this.isFirst = false;
    session.set({ isConnected: true });
    this.report.push({ connected: true });
    if (!isAgain || !this.#isShown()) return;
    annotation.resync();
    loadClasses(session);
    loadFlags(session);
    loadReview(session);
    this.#onPredictions();
  }

  #onError() {
    session.set({ isConnected: false });
    this.report.push({ connected: false });
    if (this.isClosed || this.source.readyState !== EventSource.CLOSED) return;
    const wait = REOPEN_MS[Math.min(this.failures, REOPEN_MS.length - 1)];
    this.failures += 1;
    this.timer = setTimeout(() => this.#open(), wait);
  }

  #onJob(job) {
    const known = this.jobs[job.service];
    if (known && known.id !== job.id && known.created > job.created) return;
    this.jobs = { ...this.jobs, [job.service]: job };
    if (job.service === "infer" && this.#isShown()) session.set({ revision: `${job.id} ${job.progress}` });
    session.set({ jobs: this.jobs });
    this.report.push({ jobs: this.jobs });
  }

  #onReviewJob(job) {
    const known = session.state.reviewJob;
    if (this.#isShown() && !(known && known.id !== job.id && known.created > job.created)) session.set({ reviewJob: job });
  }

  #onPredictions() {
    if (this.#isShown()) loadPredictions(session);
    this.countUp();
  }
}

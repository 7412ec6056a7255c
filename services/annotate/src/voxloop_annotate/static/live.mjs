// Live mode: a model that follows the strokes of this volume, held by the train service for this page, and what it says of the planes.
// The session's `live` is null (off) or {learner, id, phase, message, model, kept, lostAt}; `id` is null until the service has answered.

import { request, sendJson, volumePath } from "./api.mjs";
import { LiveLook } from "./livelook.mjs";
import { session as sharedSession } from "./session.mjs";

const STAY_MS = 5000;

const AGAIN_MS = 1000;

const PAGE = Math.random().toString(36).slice(2);

export class LiveMode {
  /** `api` = {sendJson, request}; `look` shows what a model says (see livelook.mjs). */
  constructor(session, api = { sendJson, request }, look = new LiveLook(session, () => this.stop())) {
    Object.assign(this, { session, api, look });
  }

  get isOn() {
    return Boolean(this.session.state.live);
  }

  toggle(learner) {
    if (this.isOn) this.stop();
    else this.start(learner);
  }

  /** Follow the strokes with a learner; another one takes the place of an earlier. */
  start(learner = "instant") {
    const { volume, info } = this.session.state;
    if (!volume || !info) return void this.session.say("open a volume first");
    this.stop();
    this.volume = volume;
    this.session.set({ live: { learner, id: null, phase: "starting", message: "", model: null, kept: null } });
    this.endVolume = this.session.watch(["volume"], (state) => state.volume !== this.volume && this.stop());
    this.#begin();
  }

  /** Show the prediction again; the service ends what it holds at once. */
  stop() {
    const { live } = this.session.state;
    if (!live) return;
    this.endVolume?.();
    clearTimeout(this.timer);
    this.session.set({ live: null });
    this.look.stop();
    if (live.id) this.#tellEnd(live.id);
  }

  /** Take over an event of the server about a session; those of other pages are not ours. */
  receive(event) {
    const { live } = this.session.state;
    if (!live?.id || event.id !== live.id) return;
    if (event.phase === "ended") return this.#lose("it had ended");
    if (event.revision < (live.revision ?? -1)) return;
    const { phase, message, model, kept, revision, error } = event;
    this.session.set({ live: { ...live, phase, message, model, kept, revision, error: error ?? null, lostAt: null } });
    if (model) this.look.show({ volume: this.volume, id: live.id, learner: live.learner, model });
    else this.look.clear();
  }

  /** Publish what was learned; gives the version, or null when that failed and was said. */
  async keep() {
    const { live } = this.session.state;
    if (!live?.model) return null;
    try {
      const version = await this.api.sendJson("POST", this.#path(live.id, "/keep"));
      this.session.say(`kept as ${version.name}:${version.version}`);
      return version;
    } catch (error) {
      this.session.say(`not kept: ${error.message}`);
      return null;
    }
  }

  /** Keep what was learned and predict the whole volume with it. */
  async predict() {
    const version = await this.keep();
    if (!version) return;
    const { indices } = this.session.state;
    try {
      await this.api.sendJson("POST", volumePath(this.volume, "/predict"), { model: `${version.name}:${version.version}`, focus: indices });
      this.session.say(`${version.name}:${version.version} predicts the volume`);
    } catch (error) {
      this.session.say(`not predicted: ${error.message}`);
    }
  }

  async #begin() {
    const { live, volume } = this.session.state;
    try {
      const state = await this.api.sendJson("POST", volumePath(volume, "/live"), { learner: live.learner, client: PAGE });
      if (!this.#isStill(live.learner, volume)) return void this.#tellEnd(state.id, volume);
      this.session.set({ live: { ...this.session.state.live, id: state.id, revision: -1 } });
      this.receive(state);
      this.#stayLater();
    } catch (error) {
      if (this.#isStill(live.learner, volume)) this.#onTrouble(error, () => this.#begin());
    }
  }

  // Events may be missed while the stream is down; the answer says everything again.
  async #stay() {
    const { live } = this.session.state;
    if (!live?.id) return;
    try {
      const state = await this.api.sendJson("POST", this.#path(live.id, "/stay"));
      this.receive(state);
      if (this.session.state.live?.id === live.id) this.#stayLater();
    } catch (error) {
      if (this.session.state.live?.id !== live.id) return;
      if (error.status === 404) this.#lose(error.message);
      else this.#onTrouble(error, () => this.#stay());
    }
  }

  // The service was restarted, or this page was away: a new session takes up the strokes that are there.
  #lose(why) {
    const { live } = this.session.state;
    clearTimeout(this.timer);
    this.session.set({ live: { ...live, id: null, phase: "starting", message: `started again: ${why}`, lostAt: Date.now() } });
    this.timer = setTimeout(() => this.isOn && this.#begin(), AGAIN_MS);
  }

  #onTrouble(error, again) {
    const { live } = this.session.state;
    const isVerdict = error.status >= 400 && error.status < 500 && error.status !== 401;
    this.session.set({ live: { ...live, phase: isVerdict ? "failed" : "starting", message: error.message } });
    clearTimeout(this.timer);
    if (!isVerdict) this.timer = setTimeout(again, AGAIN_MS);
  }

  #stayLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#stay(), STAY_MS);
  }

  #isStill(learner, volume) {
    const { live } = this.session.state;
    return Boolean(live) && live.learner === learner && live.id === null && this.volume === volume;
  }

  #tellEnd(id, volume = this.volume) {
    this.api.request(volumePath(volume, `/live/${id}`), { method: "DELETE", keepalive: true }).catch(() => {}); // it ends by itself
  }

  #path(id, rest) {
    return volumePath(this.volume, `/live/${id}${rest}`);
  }
}

export const live = new LiveMode(sharedSession);

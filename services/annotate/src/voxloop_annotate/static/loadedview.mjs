// What a component shows of something that it reads first: the newest reading counts, and what fails is said in its place.

/** A subclass has `read()`, which may be slow and may fail, `fill(found)` and `problem(error)`, which gives a node. */
export class LoadedView {
  constructor(node) {
    Object.assign(this, { node, key: null, turn: 0 });
    node.dataset.links = "";
  }

  /** Show `cover`, and then what `key` stands for, unless that is what is shown. */
  openKey(key, cover) {
    if (key === this.key) return;
    this.key = key;
    this.node.replaceChildren(cover);
    this.load();
  }

  close() {
    this.turn += 1;
    this.node.replaceChildren();
  }

  async load() {
    const turn = (this.turn += 1);
    let found;
    try {
      found = await this.read();
    } catch (error) {
      if (turn === this.turn) this.node.replaceChildren(this.problem(error));
      return;
    }
    if (turn === this.turn) this.fill(found);
  }
}

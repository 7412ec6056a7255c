// What was painted and has not reached the server yet, kept by the browser (IndexedDB) so that a reload or a crash of
// the page does not lose it. Every change carries an id that the server knows again, so sending one twice does no harm.

const NAME = "voxloop";

const STORE = "outbox";

export class Outbox {
  /** `factory` is the browser's indexedDB; without one nothing is kept and `isKeeping` stays false. */
  constructor(factory = globalThis.indexedDB) {
    this.database = factory ? open(factory) : Promise.reject(new Error("this browser keeps nothing"));
    this.database.catch(() => {});
  }

  /** Keep `entry` = {id, …plain values}; resolves when it is on the disk, rejects when the browser cannot keep it. */
  async add(entry) {
    await this.#run("readwrite", (store) => store.add(entry), "strict");
  }

  /** Forget the entry of this id: the server has it, or has refused it. */
  async remove(id) {
    await this.#run("readwrite", (store) => (store.index("id").openKeyCursor(IDBKeyRange.only(id)).onsuccess = ({ target }) => target.result && store.delete(target.result.primaryKey)));
  }

  /** Give everything that is kept, in the order in which it was added. */
  async all() {
    return this.#run("readonly", (store) => store.getAll());
  }

  // Only what is added must be on the disk at once: an entry that is not forgotten is sent again, which does no harm.
  async #run(mode, act, durability = "relaxed") {
    const transaction = (await this.database).transaction(STORE, mode, { durability });
    const request = act(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("the browser could not keep the stroke"));
    });
  }
}

function open(factory) {
  const request = factory.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE, { autoIncrement: true }).createIndex("id", "id", { unique: true });
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another page holds an older store"));
  });
}

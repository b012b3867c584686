import { EventEmitter } from "node:events";
import { CapacityLimiter, once, withTimeout } from "@hother/cancelable";
import { RateLimiter } from "@hother/cancelable/sync";

const cleared = new Error("The queue was cleared");
const defaults = { concurrency: Infinity, intervalCap: Infinity, interval: 0, autoStart: true };

export class TimeoutError extends Error {}

export default class PQueue extends EventEmitter {
  #limiter = new CapacityLimiter(0); // a paused queue has no places
  #rate;
  constructor(options) {
    super();
    const { concurrency, intervalCap, interval, autoStart, timeout } = { ...defaults, ...options };
    expect(intervalCap >= 1, "intervalCap");
    expect(interval >= 0 && interval < Infinity, "interval");
    if (interval > 0 && intervalCap < Infinity)
      this.#rate = new RateLimiter({ limit: intervalCap, per: interval, kind: "window" });
    Object.assign(this, { timeout, isPaused: !autoStart, concurrency });
  }
  get concurrency() {
    return this.places;
  }
  set concurrency(places) {
    expect(places >= 1, "concurrency");
    this.places = places;
    if (!this.isPaused) this.#limiter.total = places;
  }
  get size() {
    return this.#limiter.waiting + (this.#rate?.waiting ?? 0);
  }
  get pending() {
    return this.#limiter.borrowed - (this.#rate?.waiting ?? 0);
  }
  async add(fn, { priority = 0, timeout = this.timeout, signal } = {}) {
    const run = async () => {
      await this.#rate?.acquire();
      if (this.isPaused && this.#rate) await this.#until(() => !this.isPaused);
      const result = fn({ signal });
      this.#changed();
      if (timeout === undefined) return result;
      return withTimeout(timeout, Promise.resolve(result), { error: () => new TimeoutError() });
    };
    try {
      return await this.#limiter.run(run, { priority });
    } catch (error) {
      if (error === cleared) return new Promise(() => {}); // as p-queue: a cleared call never settles
      if (this.listenerCount("error") > 0) this.emit("error", error);
      throw error;
    } finally {
      this.#changed();
    }
  }
  addAll(fns, options) {
    return Promise.all(Array.from(fns, (fn) => this.add(fn, options)));
  }
  pause() {
    this.isPaused = true;
    this.#limiter.total = 0;
  }
  start() {
    this.isPaused = false;
    this.#limiter.total = this.places;
    this.#changed();
    return this;
  }
  clear() {
    this.#limiter.rejectWaiters(cleared);
    this.#rate?.rejectWaiters(cleared);
    this.#changed();
  }
  onEmpty() {
    return this.onSizeLessThan(1);
  }
  onIdle() {
    return this.#until(() => this.size === 0 && this.pending === 0);
  }
  onSizeLessThan(limit) {
    return this.#until(() => this.size < limit);
  }
  onPendingZero() {
    return this.#until(() => this.pending === 0);
  }
  async onError() {
    throw (await once(this, "error"))[0];
  }
  async #until(holds) {
    if (!holds()) await once(this, "next", { filter: holds, reject: [] });
  }
  #changed() {
    this.emit("next");
    if (this.size > 0) return;
    this.emit("empty");
    if (this.pending === 0) this.emit("idle");
  }
}

function expect(holds, name) {
  if (!holds) throw new TypeError(`Expected a valid \`${name}\``);
}

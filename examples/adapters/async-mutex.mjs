import { CapacityLimiter } from "@hother/cancelable";

export const E_CANCELED = new Error("request for lock canceled");

export class Semaphore {
  #limiter;
  #error;
  constructor(value, error = E_CANCELED) {
    this.#limiter = new CapacityLimiter(value);
    this.#error = error;
  }
  acquire(weight = 1, priority = 0) {
    requireWeight(weight);
    const before = this.getValue();
    const acquiring = this.#limiter.acquire({ weight, priority });
    const value = this.getValue() < before ? before : undefined; // taken at once, while others follow
    return acquiring.then((lease) => [value ?? this.getValue() + weight, () => lease.release()]);
  }
  runExclusive(fn, weight = 1, priority = 0) {
    return this.#limiter.run(() => fn(this.getValue() + weight), { weight, priority });
  }
  waitForUnlock(weight = 1, priority = 0) {
    requireWeight(weight);
    return this.#limiter.run(() => {}, { weight, priority });
  }
  isLocked() {
    return this.getValue() <= 0;
  }
  getValue() {
    return this.#limiter.available;
  }
  setValue(value) {
    this.#limiter.total += value - this.getValue();
  }
  release(weight = 1) {
    requireWeight(weight);
    this.#limiter.total += weight;
  }
  cancel() {
    this.#limiter.rejectWaiters(this.#error);
  }
}

export class Mutex {
  #semaphore;
  constructor(error) {
    this.#semaphore = new Semaphore(1, error);
  }
  async acquire(priority) {
    return (await this.#semaphore.acquire(1, priority))[1];
  }
  runExclusive(fn, priority) {
    return this.#semaphore.runExclusive(() => fn(), 1, priority);
  }
  waitForUnlock(priority) {
    return this.#semaphore.waitForUnlock(1, priority);
  }
  isLocked() {
    return this.#semaphore.isLocked();
  }
  release() {
    if (this.isLocked()) this.#semaphore.release();
  }
  cancel() {
    this.#semaphore.cancel();
  }
}

function requireWeight(weight) {
  if (weight <= 0) throw new Error(`invalid weight ${weight}: must be positive`);
}

/** The figures of the samples, in memory that is set aside at the start: what measures must not grow itself. */

export class Samples {
  /** Seconds since the start. */
  #seconds;
  #heap;
  #external;
  #rss;
  #handles;
  #left;
  #operations;
  count = 0;

  /** @param {number} capacity how many there can be */
  constructor(capacity) {
    const column = () => new Float64Array(capacity);
    this.#seconds = column();
    this.#heap = column();
    this.#external = column();
    this.#rss = column();
    this.#handles = column();
    this.#left = column();
    this.#operations = column();
  }

  get isFull() {
    return this.count === this.#seconds.length;
  }

  /**
   * @param {object} sample
   * @param {number} sample.seconds
   * @param {NodeJS.MemoryUsage} sample.memory
   * @param {number} sample.handles
   * @param {number} sample.left Listeners, registered operations and children that nothing accounts for.
   * @param {number} sample.operations Performed so far.
   */
  add({ seconds, memory, handles, left, operations }) {
    const i = this.count;
    this.#seconds[i] = seconds;
    this.#heap[i] = memory.heapUsed;
    // The memory of array buffers is part of it.
    this.#external[i] = memory.external;
    this.#rss[i] = memory.rss;
    this.#handles[i] = handles;
    this.#left[i] = left;
    this.#operations[i] = operations;
    this.count += 1;
  }

  get seconds() {
    return this.#read(this.#seconds);
  }
  get heap() {
    return this.#read(this.#heap);
  }
  get external() {
    return this.#read(this.#external);
  }
  get rss() {
    return this.#read(this.#rss);
  }
  get handles() {
    return this.#read(this.#handles);
  }
  get left() {
    return this.#read(this.#left);
  }
  get operations() {
    return this.#read(this.#operations);
  }

  /** @param {Float64Array} column */
  #read(column) {
    return Array.from(column.subarray(0, this.count));
  }
}

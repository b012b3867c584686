/** The figures of the samples. Their memory is allocated at the start, so that the measuring does not grow the heap. */

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

  /** @param {number} capacity the most samples */
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
   * @param {number} sample.left Unexpected listeners, registered operations and children.
   * @param {number} sample.operations Operations performed so far.
   */
  add({ seconds, memory, handles, left, operations }) {
    const i = this.count;
    this.#seconds[i] = seconds;
    this.#heap[i] = memory.heapUsed;
    // Includes the memory of array buffers.
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

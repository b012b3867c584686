// @ts-check
/*
 * The state of each download. The two views, `table.mjs` and `lines.mjs`, show it.
 */

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} state
 * @property {string} reason
 * @property {number} current
 * @property {number} total
 * @property {Array<{ at: number, current: number }>} samples Progress during the last second.
 */

/** The period over which a rate is measured. */
const windowMs = 1_000;

export class Board {
  /** @type {Map<string, Row>} */
  #rows = new Map();

  /** @param {Iterable<{ name: string, size: number }>} files */
  constructor(files) {
    for (const { name, size } of files) {
      this.#rows.set(name, { name, state: "waiting", reason: "", current: 0, total: size, samples: [] });
    }
  }

  get rows() {
    return [...this.#rows.values()];
  }

  /**
   * @param {string} name
   * @param {import("@hother/cancelable").ProgressDetail} progress
   * @returns {Row}
   */
  progress(name, { phase, current, total }) {
    const row = this.#row(name);
    row.state = phase ?? row.state;
    row.current = current ?? row.current;
    row.total = total ?? row.total;
    row.samples.push({ at: performance.now(), current: row.current });
    return row;
  }

  /**
   * @param {import("./download.mjs").Result} result
   * @returns {Row}
   */
  end({ name, state, reason }) {
    const row = this.#row(name);
    row.state = state;
    row.reason = reason;
    row.samples = [];
    return row;
  }

  /** @param {string} name @returns {Row} */
  #row(name) {
    const row = this.#rows.get(name);
    if (row === undefined) throw new Error(`no row ${name}`);
    return row;
  }
}

/**
 * The current rate in bytes per second: 0 if no bytes have arrived for a second.
 *
 * @param {Row} row
 */
export function rateOf(row) {
  const now = performance.now();
  while (row.samples[0] !== undefined && row.samples[0].at < now - windowMs) row.samples.shift();
  const first = row.samples[0];
  if (first === undefined || row.state !== "downloading") return 0;
  const elapsed = Math.max(now - first.at, 100);
  return ((row.current - first.current) / elapsed) * 1_000;
}

import timers from "node:timers";

// Stored when the module is loaded: fake timers must not stop the measurement.
const { setInterval, clearInterval } = timers;
const now = performance.now.bind(performance);

/** The time between two samples, in ms. */
const resolution = 10;

/** The most samples that are kept: those of the last 10 s. */
const most = 1_000;

/** Measures by how much the timers of this thread are late, until it is disposed. */
export interface LoopDelayMonitor extends Disposable {
  /** The 99th percentile of the samples since the last call, in ms. Zero if there was no sample. */
  read(): number;
}

/**
 * Starts to measure. The `monitorEventLoopDelay` of the hosts is not used, because the hosts differ: Deno does not see
 * most blocks of the loop, Node counts the time between two samples, and a reset on Node discards the sample that is
 * under way.
 */
export function monitorLoopDelay(): LoopDelayMonitor {
  // A list, because a histogram of Node takes 160 kB.
  const delays: number[] = [];
  let samples = 0;
  let due = now() + resolution;
  const timer = setInterval(() => {
    const at = now();
    delays[samples % most] = Math.max(0, at - due);
    samples += 1;
    due = at + resolution;
  }, resolution);
  timer.unref();
  return {
    read() {
      delays.sort((a, b) => a - b);
      const delay = delays[Math.ceil(delays.length * 0.99) - 1] ?? 0;
      delays.length = 0;
      samples = 0;
      return delay;
    },
    [Symbol.dispose]() {
      clearInterval(timer);
    },
  };
}

/**
 * The clock for subjects that time a part of their run. Times are in ns, from an arbitrary start.
 *
 * The default is elapsed time. compare.mjs switches to processor time, because other programs on a busy machine
 * lengthen the elapsed time of a batch several times over.
 */

let byProcessor = false;

/** Switches this process to processor time. */
export function useProcessorTime() {
  byProcessor = true;
}

/** Processor time of all threads of this process. */
function processorTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
}

export function now() {
  return byProcessor ? processorTime() : Number(process.hrtime.bigint());
}

/** Time during which the event loop had work to do. */
export function busy() {
  return byProcessor ? processorTime() : performance.eventLoopUtilization().active * 1e6;
}

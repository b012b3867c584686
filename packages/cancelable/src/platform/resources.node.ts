import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Measures of the machine and the process. Percentages are 0 to 100. */
export interface ResourceProbe extends Disposable {
  memory(): number;
  cpu(): number;
  disk(path: string): Promise<number>;
  /** Milliseconds: the 99th percentile since the last look. */
  eventLoopDelay(): number;
}

/** How often the event loop is sampled, and over what the processors' use is measured at least, in ms. */
const resolution = 10;

/** Busy and total time of all processors since the start of the machine, in ms. */
function processorTimes(): { busy: number; total: number } {
  let idle = 0;
  let total = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { busy: total - idle, total };
}

/**
 * A share as a percentage. Bounded, since systems keep their counters apart: idle time can run backwards
 * on a virtual machine, and the time that a process used is rounded up.
 */
const percent = (share: number): number => Math.min(100, Math.max(0, 100 * share));

export function createResourceProbe(): ResourceProbe {
  let delays: ReturnType<typeof monitorEventLoopDelay> | undefined;
  let before = processorTimes();
  let ownBefore = process.cpuUsage();
  let at = performance.now();
  return {
    memory() {
      // Inside a container the limit is the container's.
      const constrained = process.constrainedMemory();
      const limit = constrained > 0 && constrained < totalmem() ? constrained : totalmem();
      return percent(1 - process.availableMemory() / limit);
    },
    cpu() {
      const now = processorTimes();
      const total = now.total - before.total;
      const busy = now.busy - before.busy;
      before = now;
      const own = process.cpuUsage(ownBefore);
      ownBefore = process.cpuUsage();
      // The first look comes at once: of less than this nothing can be said.
      const elapsed = Math.max(resolution, performance.now() - at);
      at = performance.now();
      if (total > 0) return percent(busy / total);
      // Systems that hide their processors' times: what this process used of them.
      return percent((own.user + own.system) / 1_000 / elapsed / availableParallelism());
    },
    async disk(path) {
      const { blocks, bavail } = await statfs(path);
      return blocks === 0 ? 0 : percent(1 - bavail / blocks);
    },
    eventLoopDelay() {
      if (delays === undefined) {
        delays = monitorEventLoopDelay({ resolution });
        delays.enable();
        return 0;
      }
      // It measures between two samples, and forgets the first one when it is reset: where every sample is followed by
      // a look, because the loop is blocked for longer than the interval, it would never measure anything.
      if (delays.count === 0) return 0;
      const delay = Math.max(0, delays.percentile(99) / 1e6 - resolution);
      delays.reset();
      return delay;
    },
    [Symbol.dispose]() {
      delays?.disable();
    },
  };
}

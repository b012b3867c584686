import { statfs } from "node:fs/promises";
import { availableParallelism, cpus, totalmem } from "node:os";
import { type LoopDelayMonitor, monitorLoopDelay } from "./loop-delay.node.ts";

/** Measurements of the machine and the process. Percentages are 0 to 100. */
export interface ResourceProbe extends Disposable {
  memory(): number;
  cpu(): number;
  disk(path: string): Promise<number>;
  /** The 99th percentile since the last call, in ms. */
  eventLoopDelay(): number;
}

/** The shortest period of a measurement of processor time, in ms. A shorter one would give noise. */
const shortest = 10;

/** The busy and the total time of all processors since the machine started, in ms. */
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
 * A share as a percentage. It is limited to 0 to 100 because the counters of a system are inexact: idle time can
 * decrease on a virtual machine, and the processor time of a process is rounded up.
 */
const percent = (share: number): number => Math.min(100, Math.max(0, 100 * share));

export function createResourceProbe(): ResourceProbe {
  let delays: LoopDelayMonitor | undefined;
  let before = processorTimes();
  let ownBefore = process.cpuUsage();
  let at = performance.now();
  let isDisposed = false;
  return {
    memory() {
      // Inside a container the limit of the container applies.
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
      // The first measurement follows immediately after the start.
      const elapsed = Math.max(shortest, performance.now() - at);
      at = performance.now();
      if (total > 0) return percent(busy / total);
      // Some systems hide the times of their processors. Here the processor time of this process is the measure.
      return percent((own.user + own.system) / 1_000 / elapsed / availableParallelism());
    },
    async disk(path) {
      const { blocks, bavail } = await statfs(path);
      return blocks === 0 ? 0 : percent(1 - bavail / blocks);
    },
    eventLoopDelay() {
      // A check that was under way at the end must not start another monitor: no code would end it.
      if (isDisposed) return 0;
      delays ??= monitorLoopDelay();
      return delays.read();
    },
    [Symbol.dispose]() {
      isDisposed = true;
      delays?.[Symbol.dispose]();
    },
  };
}

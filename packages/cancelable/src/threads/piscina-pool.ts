import { createPiscina, limitsThreads, type PiscinaLike, parallelism } from "#platform/threads";
import { outOfRange, requireCount, requireOptions } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { UsageError } from "../usage-error.ts";
import { type ThreadLimits, type ThreadPool, threadEntry } from "./pool.ts";

/** The options of {@link PiscinaPool}. */
export interface PiscinaPoolOptions {
  /** The largest number of threads. Default: one for each processor. */
  readonly threads?: number | undefined;
  /**
   * The limits of the memory of each thread. A call that exceeds one rejects with a `ThreadEndedError`. This is best
   * effort: buffers do not count, and some versions of Node end the whole process. Bun and browsers have no limits.
   * Default: none.
   */
  readonly resourceLimits?: ThreadLimits | undefined;
}

const knownLimits: KnownOptions<ThreadLimits> = {
  maxOldGenerationSizeMb: 1,
  maxYoungGenerationSizeMb: 1,
  codeRangeSizeMb: 1,
  stackSizeMb: 1,
};

/** @throws UsageError `ERR_UNSUPPORTED_HOST` where the host ignores limits. */
function requireLimits(limits: ThreadLimits | undefined): void {
  if (limits === undefined) return;
  requireOptions(limits, "options.resourceLimits");
  requireKnownOptions(limits, knownLimits, "resourceLimits");
  for (const [name, value] of Object.entries(limits)) {
    if (value !== undefined && !(typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY))
      throw outOfRange(`options.resourceLimits.${name}`, "a number of MB above 0", value);
  }
  /* v8 ignore if -- @preserve depends on the host */
  if (!limitsThreads)
    throw new UsageError(
      "ERR_UNSUPPORTED_HOST",
      "options.resourceLimits",
      "this host ignores the limits of a thread",
    );
}

/**
 * A pool of the package `piscina`, which the application installs. Threads are started when they are needed, and end after
 * 10 s without a call. An idle pool keeps no process alive.
 *
 * In a page it is a pool of Web Workers, and needs no package. Its workers end when the pool is closed.
 */
export class PiscinaPool implements ThreadPool {
  readonly resourceLimits: ThreadLimits | undefined;
  readonly #threads: number;
  #pool: Promise<PiscinaLike> | undefined = undefined;
  #isClosed = false;
  /** The calls that have not ended. On Deno the pool of the package does not wait for them when it closes. */
  readonly #calls = new Set<Promise<unknown>>();

  constructor(options?: PiscinaPoolOptions) {
    requireKnownOptions(options, { threads: 1, resourceLimits: 1 }, "PiscinaPool");
    this.#threads = options?.threads ?? parallelism;
    requireCount(this.#threads, "options.threads", 1);
    requireLimits(options?.resourceLimits);
    this.resourceLimits = options?.resourceLimits;
  }

  async run(
    call: unknown,
    { transfer, terminate }: { readonly transfer: readonly unknown[]; readonly terminate: AbortSignal },
  ): Promise<unknown> {
    if (this.#isClosed) throw new UsageError("ERR_CLOSED", "The pool of threads");
    this.#pool ??= createPiscina({
      filename: threadEntry.href,
      minThreads: 0,
      maxThreads: this.#threads,
      idleTimeout: 10_000,
      resourceLimits: this.resourceLimits,
    });
    const pool = await this.#pool;
    const running = pool.run(call, { transferList: transfer, signal: terminate });
    this.#calls.add(running);
    try {
      return await running;
    } finally {
      this.#calls.delete(running);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const pool = await this.#pool;
    await Promise.allSettled(this.#calls);
    await pool?.close();
  }
}

import { createResourceProbe } from "#platform/resources";
import { invalidType, outOfRange, requireFunction, requireText } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { ConditionSource } from "./condition-source.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

/** Limits of the measures. A measure strictly above its limit fires the source. At least one limit is required. */
export interface ResourceThresholds {
  /** Percent of the memory that is available to this process. The limit of a container counts. */
  readonly memory?: number | undefined;
  /** Percent of the time of all processors, between two checks. */
  readonly cpu?: number | undefined;
  /** Percent of the disk of {@link ResourceOptions.path}. */
  readonly disk?: number | undefined;
  /** The 99th percentile of the event loop delay between two checks, in milliseconds. */
  readonly eventLoopDelay?: number | undefined;
}

/** Reads the measures. Implement this interface for tests, or for other metrics than those of the host. */
export interface ResourceReader {
  memory(): number | PromiseLike<number>;
  cpu(): number | PromiseLike<number>;
  disk(path: string): number | PromiseLike<number>;
  eventLoopDelay(): number | PromiseLike<number>;
}

export interface ResourceOptions {
  /** Time between two checks. Default: 1 s. */
  readonly interval?: Span | undefined;
  /** A path on the disk to measure. Default: the working directory. */
  readonly path?: string | undefined;
  /** The name in messages and in `context.metadata.cancelledBy`. Default: the limits, such as `resources(memory>80)`. */
  readonly name?: string | undefined;
  /** Reads the measures. Default: the metrics of the host. */
  readonly reader?: ResourceReader | undefined;
}

const known: KnownOptions<ResourceOptions> = { interval: 1, path: 1, name: 1, reader: 1 };

const kinds = ["memory", "cpu", "disk", "eventLoopDelay"] as const;

/** Fires when a measure of the machine is above its limit. Reason `condition`. Measures without a limit are not read. */
export class ResourceSource extends CancellationSource {
  readonly thresholds: ResourceThresholds;
  readonly #options: ResourceOptions | undefined;
  /** Milliseconds between two checks. */
  readonly #interval: number;

  constructor(thresholds: ResourceThresholds, options?: ResourceOptions) {
    if (typeof thresholds !== "object" || thresholds === null) {
      throw invalidType("thresholds", "an object with memory, cpu, disk or eventLoopDelay", thresholds);
    }
    requireKnownOptions(options, known, "ResourceSource");
    requireText(options?.path, "options.path");
    const set = kinds.filter((kind) => thresholds[kind] !== undefined);
    for (const kind of set) {
      const limit: unknown = thresholds[kind];
      if (typeof limit !== "number") throw invalidType(`thresholds.${kind}`, "a number", limit);
      if (!(limit >= 0) || (kind !== "eventLoopDelay" && limit > 100)) {
        throw outOfRange(
          `thresholds.${kind}`,
          kind === "eventLoopDelay" ? "at least 0 ms" : "0 to 100 percent",
          limit,
        );
      }
    }
    for (const key of Object.keys(thresholds)) {
      if (!(kinds as readonly string[]).includes(key))
        throw outOfRange("thresholds", `limits of ${kinds.join(", ")}`, thresholds);
    }
    const reader: unknown = options?.reader;
    if (reader !== undefined) {
      for (const kind of set)
        requireFunction((reader as Partial<ResourceReader> | null)?.[kind], `options.reader.${kind}`);
    }
    if (set.length === 0) throw outOfRange("thresholds", "a non-empty object", thresholds);
    super(options?.name ?? `resources(${set.map((kind) => `${kind}>${thresholds[kind]}`).join(", ")})`);
    this.thresholds = { ...thresholds };
    this.#options = options;
    this.#interval =
      options?.interval === undefined ? 1_000 : toInterval(options.interval, "options.interval");
  }

  override start(sink: SourceSink): Disposable {
    const given = this.#options?.reader;
    const probe = given === undefined ? createResourceProbe() : undefined;
    const reader = given ?? (probe as ResourceReader); // the probe exists when no reader was given
    const condition = new ConditionSource(() => this.isExceeded(reader), {
      interval: this.#interval,
      name: this.name,
    });
    const checking = condition.start(sink);
    return {
      [Symbol.dispose]() {
        checking[Symbol.dispose]();
        probe?.[Symbol.dispose]();
      },
    };
  }

  /** Reads the measures once. Whether any of them is above its limit. */
  async isExceeded(reader: ResourceReader): Promise<boolean> {
    const { memory, cpu, disk, eventLoopDelay } = this.thresholds;
    if (memory !== undefined && (await reader.memory()) > memory) return true;
    if (cpu !== undefined && (await reader.cpu()) > cpu) return true;
    if (disk !== undefined && (await reader.disk(this.#options?.path ?? ".")) > disk) return true;
    return eventLoopDelay !== undefined && (await reader.eventLoopDelay()) > eventLoopDelay;
  }
}

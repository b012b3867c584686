import { createResourceProbe } from "#platform/resources";
import { invalidType, outOfRange, requireFunction, requireOptions, requireText } from "../arguments.ts";
import { type Span, toInterval } from "../duration.ts";
import { ConditionSource } from "./condition-source.ts";
import { CancellationSource, type SourceSink } from "./source.ts";

/** Limits; what goes strictly above one fires. At least one must be given. */
export interface ResourceThresholds {
  /** Percent of the memory that this process could use (a container's limit counts). */
  readonly memory?: number;
  /** Percent of all processors, between two checks. */
  readonly cpu?: number;
  /** Percent of the disk that holds {@link ResourceOptions.path}. */
  readonly disk?: number;
  /** Milliseconds: the 99th percentile of the event loop's delay, between two checks. */
  readonly eventLoopDelay?: number;
}

/** Reads the measures: replaced in tests, or where a better source of them is at hand. */
export interface ResourceReader {
  memory(): number | PromiseLike<number>;
  cpu(): number | PromiseLike<number>;
  disk(path: string): number | PromiseLike<number>;
  eventLoopDelay(): number | PromiseLike<number>;
}

export interface ResourceOptions {
  /** Time between two checks. Default: 1 s. */
  readonly interval?: Span;
  /** Which disk. Default: the one of the working directory. */
  readonly path?: string;
  readonly name?: string;
  /** Default: the host's own metrics. */
  readonly reader?: ResourceReader;
}

const kinds = ["memory", "cpu", "disk", "eventLoopDelay"] as const;

/** Fires when a measure of the machine goes above its threshold. Reason `condition`. Thresholds that are not set are not read. */
export class ResourceSource extends CancellationSource {
  readonly thresholds: ResourceThresholds;
  readonly #options: ResourceOptions | undefined;
  /** Milliseconds. */
  readonly #interval: number;

  constructor(thresholds: ResourceThresholds, options?: ResourceOptions) {
    if (typeof thresholds !== "object" || thresholds === null) {
      throw invalidType("thresholds", "an object with memory, cpu, disk or eventLoopDelay", thresholds);
    }
    requireOptions(options);
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
        throw outOfRange("thresholds", `made of ${kinds.join(", ")}`, thresholds);
    }
    const reader: unknown = options?.reader;
    if (reader !== undefined) {
      for (const kind of set)
        requireFunction((reader as Partial<ResourceReader> | null)?.[kind], `options.reader.${kind}`);
    }
    if (set.length === 0) throw outOfRange("thresholds", "at least one threshold", thresholds);
    super(options?.name ?? `resources(${set.map((kind) => `${kind}>${thresholds[kind]}`).join(", ")})`);
    this.thresholds = { ...thresholds };
    this.#options = options;
    this.#interval =
      options?.interval === undefined ? 1_000 : toInterval(options.interval, "options.interval");
  }

  override start(sink: SourceSink): Disposable {
    const given = this.#options?.reader;
    const probe = given === undefined ? createResourceProbe() : undefined;
    const reader = given ?? (probe as ResourceReader); // one of the two
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

  /** One look: whether any threshold is exceeded. */
  async isExceeded(reader: ResourceReader): Promise<boolean> {
    const { memory, cpu, disk, eventLoopDelay } = this.thresholds;
    if (memory !== undefined && (await reader.memory()) > memory) return true;
    if (cpu !== undefined && (await reader.cpu()) > cpu) return true;
    if (disk !== undefined && (await reader.disk(this.#options?.path ?? ".")) > disk) return true;
    return eventLoopDelay !== undefined && (await reader.eventLoopDelay()) > eventLoopDelay;
  }
}

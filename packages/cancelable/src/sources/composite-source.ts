import { invalidType, outOfRange } from "../arguments.ts";
import { CancellationSource, type SourceSink } from "./source.ts";
import { type CompositeSink, startSources } from "./start-source.ts";

function requireSources(sources: readonly CancellationSource[]): void {
  if (!Array.isArray(sources)) throw invalidType("sources", "an array of CancellationSource", sources);
  if (sources.length === 0) throw outOfRange("sources", "a non-empty array", sources);
  for (const [index, source] of sources.entries()) {
    if (!(source instanceof CancellationSource))
      throw invalidType(`sources[${index}]`, "a CancellationSource", source);
  }
}

function compositeSink(sink: SourceSink): CompositeSink {
  if ((sink as Partial<CompositeSink>).target === undefined) {
    throw invalidType("sink", "the sink of an operation", sink);
  }
  return sink as CompositeSink; // only sinks of this library have a target
}

/** Fires when the first of its sources fires, with the reason and message of this source. */
export class AnyOfSource extends CancellationSource {
  readonly sources: readonly CancellationSource[];
  #triggeredSource: CancellationSource | undefined;

  constructor(sources: readonly CancellationSource[], name = "any-of") {
    super(name);
    requireSources(sources);
    this.sources = [...sources];
  }

  /** The source that fired. */
  get triggeredSource(): CancellationSource | undefined {
    return this.#triggeredSource;
  }

  override start(sink: SourceSink): Disposable {
    const { target, triggerFrom } = compositeSink(sink);
    return startSources(this.sources, {
      clock: target.clock,
      node: target.node,
      fired: (origin, reason, message, detail) => {
        this.#triggeredSource = origin;
        triggerFrom(origin, reason, message, detail);
      },
      // The deadline of one source is a deadline of the composite.
      takeDeadline: target.takeDeadline?.bind(target),
    });
  }
}

/**
 * Fires when all of its sources have fired, with the reason and message of the last one. A source counts as fired
 * from its first firing on, also when its condition is no longer met.
 */
export class AllOfSource extends CancellationSource {
  readonly sources: readonly CancellationSource[];

  constructor(sources: readonly CancellationSource[], name = "all-of") {
    super(name);
    requireSources(sources);
    this.sources = [...sources];
  }

  override start(sink: SourceSink): Disposable {
    const { target, triggerFrom } = compositeSink(sink);
    let missing = this.sources.length;
    // Deadlines are not handed over: a single deadline does not cancel the operation.
    return startSources(this.sources, {
      clock: target.clock,
      node: target.node,
      fired: (origin, reason, message, detail) => {
        if (--missing === 0) triggerFrom(origin, reason, message, detail);
      },
      takeDeadline: undefined,
    });
  }
}

import { invalidType, outOfRange } from "../arguments.ts";
import { CancellationSource, type CompositeSink, type SourceSink, startSources } from "./source.ts";

function requireSources(sources: readonly CancellationSource[]): void {
  if (!Array.isArray(sources)) throw invalidType("sources", "an array of CancellationSource", sources);
  if (sources.length === 0)
    throw outOfRange("sources", "not empty: At least one source is required", sources);
  for (const [index, source] of sources.entries()) {
    if (!(source instanceof CancellationSource))
      throw invalidType(`sources[${index}]`, "a CancellationSource", source);
  }
}

function compositeSink(sink: SourceSink): CompositeSink {
  if ((sink as Partial<CompositeSink>).target === undefined) {
    throw invalidType("sink", "the sink that an operation gives", sink);
  }
  return sink as CompositeSink; // it has what only ours have
}

/** Fires with the first of its sources, with that one's reason and message. */
export class AnyOfSource extends CancellationSource {
  readonly sources: readonly CancellationSource[];
  #triggeredSource: CancellationSource | undefined;

  constructor(sources: readonly CancellationSource[], name = "any-of") {
    super(name);
    requireSources(sources);
    this.sources = [...sources];
  }

  /** The one that fired. */
  get triggeredSource(): CancellationSource | undefined {
    return this.#triggeredSource;
  }

  override start(sink: SourceSink): Disposable {
    const { target, triggerFrom } = compositeSink(sink);
    return startSources(this.sources, {
      clock: target.clock,
      fired: (origin, reason, message, detail) => {
        this.#triggeredSource = origin;
        triggerFrom(origin, reason, message, detail);
      },
      // A deadline of any is a deadline of the whole.
      takeDeadline: target.takeDeadline?.bind(target),
    });
  }
}

/**
 * Fires when each of its sources has fired, with the reason and message of the last one. One that has
 * fired stays fired, whatever its condition says later.
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
    // No deadlines are passed on: one of several that must all have come is none.
    return startSources(this.sources, {
      clock: target.clock,
      fired: (origin, reason, message, detail) => {
        if (--missing === 0) triggerFrom(origin, reason, message, detail);
      },
      takeDeadline: undefined,
    });
  }
}

import { invalidType, outOfRange } from "../arguments.ts";
import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { AnyOfSource } from "../sources/composite-source.ts";
import { CancellationSource, type SourceSink } from "../sources/source.ts";
import { TokenSource } from "../sources/token-source.ts";
import { CancellationToken } from "../token/token.ts";
import { UsageError } from "../usage-error.ts";
import { Operation } from "./operation.ts";

/**
 * An operation as a source. It fires when the operation is cancelled, or when a source of an operation that has not
 * started fires.
 */
export class OperationSource extends CancellationSource {
  readonly #part: Operation;
  readonly #removePart: boolean;

  /**
   * @param removePart Whether a part that has not started is removed from its parent when the source stops. False for a
   * part that later calls use too.
   */
  constructor(part: Operation, removePart = true) {
    super(part.label);
    if (part.hasEnded) throw new UsageError("ERR_ENDED", part.label);
    this.#part = part;
    this.#removePart = removePart;
  }

  override start(sink: SourceSink): Disposable {
    const part = this.#part;
    const removePart = this.#removePart;
    const running = new AnyOfSource([new TokenSource(part.token), ...part.pendingSources()]).start(sink);
    return {
      [Symbol.dispose]() {
        running[Symbol.dispose]();
        if (removePart) part.removeIfNotStarted();
      },
    };
  }
}

type Part = Operation | CancellationSource | CancellationToken | AbortSignal;

/** Converts every part to a source. @param removeParts See {@link OperationSource}. */
export function toSources(
  parts: readonly Part[],
  argument: string,
  removeParts = true,
): CancellationSource[] {
  if (parts.length === 0) throw outOfRange(argument, "not empty", parts);
  return parts.map((part, index) => toSource(part, `${argument}[${index}]`, removeParts));
}

export function toSource(part: unknown, argument: string, removePart = true): CancellationSource {
  if (part instanceof CancellationSource) return part;
  if (part instanceof Operation) return new OperationSource(part, removePart);
  if (part instanceof CancellationToken) return new TokenSource(part);
  if (typeof (part as AbortSignal | null | undefined)?.aborted === "boolean")
    return new AbortSignalSource(part as AbortSignal);
  throw invalidType(
    argument,
    "a Cancellable, a CancellationSource, a CancellationToken or an AbortSignal",
    part,
  );
}

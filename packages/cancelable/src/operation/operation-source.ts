import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { AnyOfSource } from "../sources/composite-source.ts";
import { CancellationSource, type SourceSink } from "../sources/source.ts";
import { TokenSource } from "../sources/token-source.ts";
import { CancellationToken } from "../token/token.ts";
import { invalidType, UsageError } from "../usage-error.ts";

/** An operation as a part of another one. */
export interface OperationPart {
  readonly token: CancellationToken;
  readonly hasEnded: boolean;
  readonly label: string;
  /** What would cancel it if it were run; nothing once it runs, because then it does that itself. */
  pendingSources(): CancellationSource[];
  /** The combination has ended. */
  release(): void;
}

/** Fires when the operation is cancelled, or would have been by one of its sources if it were running. */
export class OperationSource extends CancellationSource {
  readonly #part: OperationPart;

  constructor(part: OperationPart) {
    super(part.label);
    if (part.hasEnded) throw new UsageError("ERR_ENDED", part.label);
    this.#part = part;
  }

  override start(sink: SourceSink): Disposable {
    const part = this.#part;
    const running = new AnyOfSource([new TokenSource(part.token), ...part.pendingSources()]).start(sink);
    return {
      [Symbol.dispose]() {
        running[Symbol.dispose]();
        part.release();
      },
    };
  }
}

/** What can be a part of {@link Cancellable.anyOf} and {@link Cancellable.allOf}, as a source. */
export function toSource(
  part: unknown,
  argument: string,
  isOperation: (part: unknown) => part is OperationPart,
): CancellationSource {
  if (part instanceof CancellationSource) return part;
  if (isOperation(part)) return new OperationSource(part);
  if (part instanceof CancellationToken) return new TokenSource(part);
  if (typeof (part as AbortSignal | null | undefined)?.aborted === "boolean")
    return new AbortSignalSource(part as AbortSignal);
  throw invalidType(
    argument,
    "a Cancellable, a CancellationSource, a CancellationToken or an AbortSignal",
    part,
  );
}

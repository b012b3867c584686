import { markCopy } from "../copy.ts";
import { type Span, toMilliseconds } from "../duration.ts";
import type { CancellationError } from "../errors.ts";
import { placeOf } from "../place.ts";
import { ambientNode } from "../scope/ambient.ts";
import { requireDeadline } from "../scope/cancel-scope.ts";
import { explicitParent } from "../scope/scope-options.ts";
import type { CancellationSource } from "../sources/source.ts";
import { TimeoutSource } from "../sources/timeout-source.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { LinkedCancellationToken } from "../token/linked.ts";
import { UsageError } from "../usage-error.ts";
import { Callbacks } from "./callbacks.ts";
import { OperationContext, type OperationState } from "./context.ts";
import { OperationNode } from "./operation-node.ts";
import { sourcesOf } from "./option-sources.ts";
import { type CancellableOptions, requireCancellableOptions } from "./options.ts";
import type { ProgressLedger } from "./progress-ledger.ts";
import { RunningSources } from "./running-sources.ts";
import type { OperationStatus } from "./status.ts";

/**
 * The facts of an operation: its identity, its status, its cancellation, and what was added to it before the start. The
 * machine in `operation.ts` extends this class and changes them.
 */
export abstract class OperationFacts {
  /** @internal */
  readonly node: OperationNode;
  /** @internal */
  readonly options: CancellableOptions | undefined;
  /** @internal The user's data, without `cancelledBy`. */
  ownMetadata: Record<string, unknown> | undefined;
  /** @internal In ms. Stored here, not as a source: most operations have only a timeout. */
  timeout: number | undefined = undefined;
  /** @internal */
  sources: RunningSources | undefined = undefined;
  /** @internal */
  callbacks: Callbacks | undefined = undefined;
  /** @internal */
  ledger: ProgressLedger | undefined = undefined;
  /** @internal On the backend's clock. */
  startedAt: number | undefined = undefined;
  /** @internal On the backend's clock. */
  endedAt: number | undefined = undefined;
  /** @internal The cancellation at the end of the body, and the error of the operation (O3). Undefined before the end. */
  ending: { readonly cancellation: Cancellation | undefined; readonly error: unknown } | undefined =
    undefined;
  /** @internal Only the machine sets this. */
  protected currentStatus: OperationStatus = "pending";
  #id: string | undefined;
  #token: LinkedCancellationToken | undefined = undefined;
  #context: OperationContext | undefined = undefined;

  constructor(options?: CancellableOptions) {
    this.options = options;
    if (options === undefined) {
      this.node = new OperationNode(ambientNode().clock, this);
      return;
    }
    requireCancellableOptions(options);
    const { id, parent, metadata, timeout, shield } = options;
    const sources = sourcesOf(options);
    const above = parent === undefined || parent === null ? undefined : explicitParent(parent);
    this.node = new OperationNode((above ?? ambientNode()).clock, this);
    this.#id = id;
    if (metadata !== undefined) this.ownMetadata = { ...metadata };
    if (timeout !== undefined) this.timeout = toMilliseconds(timeout, "options.timeout");
    for (const source of sources) this.watch(source);
    if (shield === true) this.node.shielded = true;
    if (above !== undefined) this.node.attach(above);
  }

  // ---- before the start -----------------------------------------------------------------------

  /** @internal Adds a source, and starts it if the operation runs. To be called only before the end. */
  watch(source: CancellationSource): void {
    this.sources ??= new RunningSources(this.node);
    this.sources.add(source);
  }

  /** @internal The callbacks, created on first use. */
  get listeners(): Callbacks {
    this.callbacks ??= new Callbacks();
    return this.callbacks;
  }

  /** @internal The sources that another operation watches on behalf of this one, while this one has not started. */
  pendingSources(): CancellationSource[] {
    if (this.node.phase !== "new") return [];
    const timeout = this.timeout === undefined ? [] : [new TimeoutSource(this.timeout)];
    return [...timeout, ...(this.sources?.list ?? [])];
  }

  /** @internal Removes an operation that has not started from its parent, because it will never be started. */
  removeIfNotStarted(): void {
    const { node } = this;
    if (node.phase !== "new") return;
    node.remove();
    node.parent = undefined;
  }

  // ---- identity -------------------------------------------------------------------------------

  /** The id from the options, or a UUID, which is created on first use. */
  get id(): string {
    this.#id ??= crypto.randomUUID();
    return this.#id;
  }

  /** The name from the options. */
  get name(): string | undefined {
    return this.options?.name;
  }

  /** The name of the operation in messages: its name, or else its id. */
  get label(): string {
    return this.name === undefined ? `operation ${this.id}` : `operation "${this.name}"`;
  }

  /**
   * @internal The operation as the subject of a message. An id that was not given is left out: messages that differ
   * in every run cannot be grouped, and `error.operation` has the id.
   */
  get subject(): string | undefined {
    return this.name === undefined && this.options?.id === undefined ? undefined : this.label;
  }

  /** @internal Where the operation was made, if places are kept. */
  get place(): string | undefined {
    return placeOf(this.node);
  }

  /** The id of the nearest operation above. */
  abstract get parentId(): string | undefined;

  /** A live view of the state of this operation. */
  get context(): OperationContext {
    this.#context ??= new OperationContext(this);
    return this.#context;
  }

  // ---- status and cancellation ----------------------------------------------------------------

  /** The status of the operation. */
  get status(): OperationStatus {
    return this.currentStatus;
  }

  /** Whether the body has started and has not ended. */
  get isRunning(): boolean {
    return this.currentStatus === "running" || this.currentStatus === "shielded";
  }

  /** Whether the body returned a value. */
  get isCompleted(): boolean {
    return this.currentStatus === "completed";
  }

  /** Whether the operation is completed, cancelled or failed. */
  get hasEnded(): boolean {
    return this.ending !== undefined;
  }

  /**
   * The operation's own deadline on the backend's clock, in ms: the earliest of its timeout and its deadlines. Infinity
   * means none. It can be changed before the end: the new deadline replaces the earlier ones. An operation that has
   * expired stays expired.
   *
   * @throws UsageError `ERR_RELATIVE_DEADLINE` before the start, if there is a timeout.
   */
  get deadline(): number {
    this.#requireAbsoluteDeadline();
    return this.node.at;
  }

  set deadline(at: number) {
    this.#requireAbsoluteDeadline();
    requireDeadline(at, "deadline");
    if (this.hasEnded) return;
    this.sources?.dropDeadlines();
    this.node.setDeadline(at);
  }

  #requireAbsoluteDeadline(): void {
    if (this.timeout !== undefined && this.node.phase === "new")
      throw new UsageError("ERR_RELATIVE_DEADLINE", this.label);
  }

  /**
   * Moves the deadline by `span`: milliseconds, a `Duration`, or `null` for no limit any more. Negative spans shorten
   * the time. Without a deadline it has no effect.
   *
   * @returns false, without any effect, if the operation is cancelled or has ended.
   */
  extend(span: Span): boolean {
    const ms = toMilliseconds(span, "span");
    if (this.hasEnded || this.isCancelled) return false;
    const { node } = this;
    if (node.phase === "new") {
      if (this.timeout !== undefined && this.timeout !== Number.POSITIVE_INFINITY) this.timeout += ms;
    } else if (node.at !== Number.POSITIVE_INFINITY) this.deadline = node.at + ms;
    return true;
  }

  /** Whether cancellation was requested, came from above, or the deadline has passed. */
  get isCancelled(): boolean {
    return this.ending === undefined
      ? this.node.pending() !== undefined
      : this.ending.cancellation !== undefined;
  }

  /** Whether the cancellation ended the operation. */
  get cancelledCaught(): boolean {
    return this.currentStatus === "cancelled";
  }

  /** The operation's own token. Cancelling the token cancels the operation. */
  get token(): LinkedCancellationToken {
    this.#token ??= new LinkedCancellationToken(this.node);
    return this.#token;
  }

  /** An `AbortSignal` that is aborted when the operation is cancelled. */
  get signal(): AbortSignal {
    return this.node.signal;
  }

  /** The error of the cancellation, if there is one. */
  get error(): CancellationError | undefined {
    return this.node.pending()?.error;
  }

  /** @internal The cancellation. After the end, the cancellation at the end (O3). */
  get cancellation(): Cancellation | undefined {
    return this.ending === undefined ? this.node.own : this.ending.cancellation;
  }

  // ---- hooks of the node, implemented by the machine ------------------------------------------

  /** @internal The deadline of the node has passed. Returns false if the node itself is to cancel the operation. */
  abstract expired(): boolean;

  /** @internal A cancellation has reached the node. Called inside the wave: must not run user code (T4). */
  abstract cancelled(): void;
}
markCopy(OperationFacts);

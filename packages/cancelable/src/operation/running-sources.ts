import type { CancellationDetail, CancellationReason } from "../errors.ts";
import { enter } from "../scope/ambient.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { CancellationSource } from "../sources/source.ts";
import { type SourceTarget, startSources } from "../sources/start-source.ts";

/** The sources of one operation: they run from its start, or from their addition while it runs, until it ends. */
export class RunningSources {
  /** The sources that were added before the start. */
  readonly list: CancellationSource[] = [];
  /** The name of the source that cancelled the operation. */
  cancelledBy: string | undefined = undefined;
  readonly #node: ScopeNode;
  readonly #running: Disposable[] = [];
  /** The deadlines that sources handed over. The node holds the earliest of them. */
  #deadlines: Array<{ readonly at: number; readonly expire: () => void }> | undefined = undefined;

  constructor(node: ScopeNode) {
    this.#node = node;
  }

  /** Adds a source, and starts it if the operation runs. If it throws then, it is not added. */
  add(source: CancellationSource): void {
    if (this.#node.phase === "new") this.list.push(source);
    else this.#start([source]);
  }

  /** Starts all sources, in order. If one throws, the sources before it are stopped. */
  start(): void {
    this.#start(this.list);
  }

  #start(sources: readonly CancellationSource[]): void {
    const node = this.#node;
    const target: SourceTarget = {
      clock: node.clock,
      fired: (source, reason, message, detail) => this.#fired(source, reason, message, detail),
      takeDeadline: (at, expire) => this.#takeDeadline(at, expire),
      node,
    };
    this.#running.push(enter(node, () => startSources(sources, target), undefined));
  }

  /** Stops all sources, in reverse order. */
  stop(): void {
    for (let last = this.#running.pop(); last !== undefined; last = this.#running.pop())
      last[Symbol.dispose]();
  }

  /** The user has set another deadline, which replaces those of the sources. */
  dropDeadlines(): void {
    this.#deadlines = undefined;
  }

  /** The deadline of the node has passed. Returns false if it is not the deadline of a source. */
  expired(): boolean {
    const due = this.#deadlines?.find(({ at }) => at <= this.#node.at);
    if (due === undefined) {
      this.cancelledBy = "timeout"; // the operation's own `timeout` is the only deadline without a source
      return false;
    }
    due.expire();
    return true;
  }

  #fired(
    source: CancellationSource,
    reason: CancellationReason,
    message?: string,
    detail?: CancellationDetail,
  ): void {
    if (this.#node.own !== undefined) return;
    this.cancelledBy = source.name; // before the cancellation: observers read it during the wave
    this.#node.cancelFor(reason, message, detail);
  }

  #takeDeadline(at: number, expire: () => void): void {
    this.#deadlines ??= [];
    this.#deadlines.push({ at, expire });
    if (at < this.#node.at) this.#node.setDeadline(at);
  }
}

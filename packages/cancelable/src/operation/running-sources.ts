import type { CancellationDetail, CancellationReason } from "../errors.ts";
import { enter } from "../scope/ambient.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import type { CancellationSource } from "../sources/source.ts";
import { startSources } from "../sources/start-source.ts";

/** The sources of one operation: added before the operation starts, running until it ends. */
export class RunningSources {
  readonly list: CancellationSource[] = [];
  /** The name of the source that cancelled the operation. */
  cancelledBy: string | undefined = undefined;
  readonly #node: ScopeNode;
  #running: Disposable | undefined = undefined;
  /** The deadlines that sources handed over. The node holds the earliest of them. */
  #deadlines: Array<{ readonly at: number; readonly expire: () => void }> | undefined = undefined;

  constructor(node: ScopeNode) {
    this.#node = node;
  }

  /** Starts all sources, in order. If one throws, the sources before it are stopped. */
  start(): void {
    const node = this.#node;
    this.#running = enter(
      node,
      () =>
        startSources(this.list, {
          clock: node.clock,
          fired: (source, reason, message, detail) => this.#fired(source, reason, message, detail),
          takeDeadline: (at, expire) => this.#takeDeadline(at, expire),
        }),
      undefined,
    );
  }

  /** Stops all sources, in reverse order. */
  stop(): void {
    this.#running?.[Symbol.dispose]();
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

import { requireText, toList } from "../arguments.ts";
import type { CancellationOwner } from "../errors.ts";
import { placeOf } from "../place.ts";
import type { Clock } from "../runtime/clock.ts";
import { onAbort, requireSignal } from "../token/abort-signal.ts";
import type { Cancellation } from "../token/cancellation.ts";
import { type CancellationToken, requireToken } from "../token/token.ts";
import { Waiter } from "../token/tree.ts";
import { ScopeNode } from "./scope-node.ts";
import type { ScopeOptions } from "./scope-options.ts";

class TokenLink extends Waiter implements Disposable {
  readonly #scope: ScopeNode;
  constructor(scope: ScopeNode) {
    super();
    this.#scope = scope;
  }
  override reached({ reason, message, error }: Cancellation): void {
    this.#scope.cancelFor(reason, message, { cause: error });
  }
  [Symbol.dispose](): void {
    this.remove();
  }
}

/** The node of a scope that has a name, or that tokens and signals cancel. Most scopes have none of them. */
export class LinkedNode extends ScopeNode {
  readonly name: string | undefined;
  readonly #tokens: readonly CancellationToken[];
  readonly #signals: readonly AbortSignal[];
  readonly #links: Disposable[] = [];

  constructor(clock: Clock, { name, token, signal }: ScopeOptions) {
    super(clock);
    requireText(name, "options.name");
    this.name = name;
    this.#tokens = token === undefined ? [] : toList(token, "options.token", requireToken);
    this.#signals = signal === undefined ? [] : toList(signal, "options.signal", requireSignal);
  }

  override get owner(): CancellationOwner | undefined {
    const { name } = this;
    return name === undefined ? super.owner : { name, subject: `scope "${name}"`, place: placeOf(this) };
  }

  protected override get followsPolled(): boolean {
    return this.#tokens.some(({ node }) => node.isPolled);
  }

  protected override look(): void {
    for (const { node } of this.#tokens) node.pending();
  }

  override open(parent: ScopeNode, span?: number): void {
    super.open(parent, span);
    for (const { node } of this.#tokens) {
      const link = new TokenLink(this);
      const reached = node.pending();
      if (reached !== undefined) link.reached(reached);
      else node.wait(link);
      this.#links.push(link);
    }
    for (const signal of this.#signals) {
      this.#links.push(
        onAbort(signal, ({ reason, message }) => {
          this.cancelFor(reason, message, { cause: signal.reason, fromSignal: true });
        }),
      );
    }
  }

  override close(): void {
    for (const link of this.#links.splice(0)) link[Symbol.dispose]();
    super.close();
  }
}

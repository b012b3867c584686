import { type Cancellation } from "../token/cancellation.ts";
import { type CancellationToken, requireToken } from "../token/token.ts";
import { Waiter } from "../token/tree.ts";
import { CancellationSource, type SourceSink } from "./source.ts";
import type { CompositeSink } from "./start-source.ts";

class TokenWaiter extends Waiter {
  readonly #sink: SourceSink;
  constructor(sink: SourceSink) {
    super();
    this.#sink = sink;
  }
  override reached(cancellation: Cancellation): void {
    this.#sink.trigger(cancellation.reason, cancellation.message, { cause: cancellation.error });
  }
}

/** Fires when a token is cancelled, with the reason and message of the token. */
export class TokenSource extends CancellationSource {
  readonly token: CancellationToken;

  constructor(token: CancellationToken, name = "token") {
    super(name);
    requireToken(token, "token");
    this.token = token;
  }

  override start(sink: SourceSink): Disposable {
    const { node } = this.token;
    const waiter = new TokenWaiter(sink);
    const reached = node.pending();
    if (reached !== undefined) waiter.reached(reached);
    else node.wait(waiter);
    // A sink of a user's own class has no operation.
    const follower = (sink as Partial<CompositeSink>).target?.node;
    const isFollowing = reached === undefined && node.isPolled && follower !== undefined;
    if (isFollowing) follower.follow(node);
    return {
      [Symbol.dispose]() {
        waiter.remove();
        if (isFollowing) follower.unfollow(node);
      },
    };
  }
}

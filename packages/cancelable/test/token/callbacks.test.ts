import { AsyncLocalStorage } from "node:async_hooks";
import { expect, vi } from "vitest";
import { Cancellable, CancellationToken, LinkedCancellationToken } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("a token's callbacks (rule 10)", (everywhere) => {
  everywhere("a callback that throws is reported and stops no other callback (PAR-TOK-10)", (t) => {
    const token = new CancellationToken();
    const other = vi.fn();
    const error = new Error("callback");
    token.onCancel(() => {
      throw error;
    });
    token.onCancel(other);
    expect(token.cancel()).toBe(true);
    expect(other).toHaveBeenCalledOnce();
    expect(t.reported.splice(0)).toEqual([error]);
  });

  everywhere("callbacks run in the async context of their registration (CONF-S04)", () => {
    const storage = new AsyncLocalStorage<string>();
    const token = new CancellationToken();
    let seen: string | undefined;
    storage.run("registrar", () =>
      token.onCancel(() => {
        seen = storage.getStore();
      }),
    );
    storage.run("canceller", () => token.cancel());
    expect(seen).toBe("registrar");
  });
});

describeEverywhere("a token's subscriptions after their disposal (rule 24)", (everywhere) => {
  everywhere("callbacks and links have no effect once they are disposed of", () => {
    const token = new CancellationToken();
    const callback = vi.fn();
    for (let i = 0; i < 3; i++) {
      const subscription = token.onCancel(callback);
      subscription[Symbol.dispose]();
      subscription[Symbol.dispose]();
    }
    const linked = new LinkedCancellationToken();
    linked.link(token)[Symbol.dispose]();
    token.cancel();
    expect(callback).not.toHaveBeenCalled();
    expect(linked.isCancelled).toBe(false);
  });
});

describeEverywhere("a disposed subscription", (everywhere) => {
  const tokens: Readonly<Record<string, () => CancellationToken>> = {
    "a token": () => new CancellationToken(),
    "a linked token": () => new LinkedCancellationToken(),
    "an operation's token": () => new Cancellable().token,
  };
  for (const [name, make] of Object.entries(tokens)) {
    everywhere(`a callback that an earlier callback disposed of is not called (${name})`, () => {
      const token = make();
      const subscriptions: Disposable[] = [];
      const called: number[] = [];
      for (const n of [0, 1, 2, 3])
        subscriptions.push(
          token.onCancel(() => {
            called.push(n);
            subscriptions[n + 1]?.[Symbol.dispose]();
          }),
        );
      token.cancel();
      expect(called).toEqual([0, 2]);
    });
  }

  everywhere("a callback may dispose of itself and of earlier callbacks", () => {
    const token = new CancellationToken();
    const callback = vi.fn();
    const first = token.onCancel(callback);
    const second = token.onCancel(() => {
      first[Symbol.dispose]();
      second[Symbol.dispose]();
    });
    expect(token.cancel()).toBe(true);
    expect(callback).toHaveBeenCalledOnce();
  });
});

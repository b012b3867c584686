import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  isCancellation,
  LinkedCancellationToken,
  ParentCancellation,
  TimeoutCancellation,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("a linked token", (everywhere) => {
  everywhere("a linked token can be cancelled by itself, and the other token stays live", () => {
    const other = new CancellationToken();
    const linked = new LinkedCancellationToken();
    linked.link(other);
    expect(linked).toBeInstanceOf(CancellationToken);
    expect(linked.cancel("shutdown", "mine")).toBe(true);
    expect([linked.reason, linked.message]).toEqual(["shutdown", "mine"]);
    expect(other.isCancelled).toBe(false);
    expect(other.cancel("manual", "late")).toBe(true);
    expect([linked.reason, linked.message]).toEqual(["shutdown", "mine"]);
  });

  everywhere(
    "a linked token is cancelled inside the other token's cancel(), with reason parent and the other error as cause",
    () => {
      const other = new CancellationToken();
      const linked = new LinkedCancellationToken();
      linked.link(other);
      const callback = vi.fn();
      linked.onCancel(callback);
      other.cancel("shutdown", "deploying");
      expect(callback).toHaveBeenCalledExactlyOnceWith(linked);
      expect([linked.reason, linked.message]).toEqual(["parent", "Linked token was cancelled: shutdown"]);
      expect(linked.error).toBeInstanceOf(ParentCancellation);
      expect(linked.error).toMatchObject({ parentReason: "shutdown" });
      expect(linked.error?.cause).toBe(other.error);
      expect(isCancellation(linked.error, other)).toBe(true);
    },
  );

  everywhere("a token with several links follows the first one that is cancelled (PAR-LNK-01)", () => {
    for (const first of [0, 1, 2]) {
      const others = [new CancellationToken(), new CancellationToken(), new CancellationToken()] as const;
      const linked = new LinkedCancellationToken();
      for (const other of others) linked.link(other);
      expect(linked.isCancelled).toBe(false);
      others[first as 0].cancel("condition");
      expect(linked.reason).toBe("parent");
      expect(linked.message).toContain("Linked token");
      const { error } = linked;
      for (const other of others) other.cancel("timeout");
      expect(linked.error).toBe(error);
      expect(linked.error?.cause).toBe(others[first as 0].error);
    }
  });

  everywhere(
    "a link with preserveReason takes over reason and message, and the cause is the other token's error",
    () => {
      const other = new CancellationToken();
      const linked = new LinkedCancellationToken();
      linked.link(other, { preserveReason: true });
      other.cancel("timeout", "too slow");
      expect([linked.reason, linked.message]).toEqual(["timeout", "too slow"]);
      expect(linked.error).toBeInstanceOf(TimeoutCancellation);
      expect(linked.error).not.toBe(other.error);
      expect(linked.error?.cause).toBe(other.error);
    },
  );

  everywhere("each link decides for itself whether it preserves the reason", () => {
    for (const [preserving, reason] of [
      [true, "shutdown"],
      [false, "parent"],
    ] as const) {
      const [kept, changed] = [new CancellationToken(), new CancellationToken()];
      const linked = new LinkedCancellationToken();
      linked.link(kept, { preserveReason: true });
      linked.link(changed, { preserveReason: false });
      (preserving ? kept : changed).cancel("shutdown");
      expect(linked.reason).toBe(reason);
    }
  });

  everywhere("a link to a cancelled token cancels at once", () => {
    const other = new CancellationToken();
    other.cancel("disconnect", "gone");
    const linked = new LinkedCancellationToken();
    const callback = vi.fn();
    linked.onCancel(callback);
    const link = linked.link(other, { preserveReason: true });
    expect(callback).toHaveBeenCalledOnce();
    expect([linked.reason, linked.message]).toEqual(["disconnect", "gone"]);
    link[Symbol.dispose]();
    expect(linked.isCancelled).toBe(true);
  });

  everywhere("a disposed link has no effect, and the other links still work", () => {
    const [one, two] = [new CancellationToken(), new CancellationToken()];
    const linked = new LinkedCancellationToken();
    const link = linked.link(one);
    linked.link(two);
    link[Symbol.dispose]();
    link[Symbol.dispose]();
    one.cancel();
    expect(linked.isCancelled).toBe(false);
    two.cancel();
    expect(linked.error?.cause).toBe(two.error);
  });

  everywhere("two links to one token are independent: disposing of one leaves the other", () => {
    const other = new CancellationToken();
    const linked = new LinkedCancellationToken();
    linked.link(other)[Symbol.dispose]();
    const link = linked.link(other);
    linked.link(other, { preserveReason: true });
    link[Symbol.dispose]();
    other.cancel("shutdown");
    expect(linked.reason).toBe("shutdown");
  });

  everywhere(
    "a chain of links is cancelled to its end synchronously, and the causes lead back to the first token",
    () => {
      const origin = new CancellationToken();
      const chain = Array.from({ length: 5 }, () => new LinkedCancellationToken());
      chain.reduce<CancellationToken>((above, linked) => {
        linked.link(above);
        return linked;
      }, origin);
      origin.cancel("shutdown");
      expect(chain.map((linked) => linked.reason)).toEqual(Array(5).fill("parent"));
      let error: unknown = chain.at(-1)?.error;
      for (let depth = 0; depth < 5; depth++) error = (error as Error).cause;
      expect(error).toBe(origin.error);
      expect(isCancellation(chain.at(-1)?.error, origin)).toBe(true);
    },
  );

  everywhere("a link to itself changes nothing", () => {
    const linked = new LinkedCancellationToken();
    linked.link(linked);
    expect(linked.isCancelled).toBe(false);
    expect(linked.cancel("shutdown")).toBe(true);
    expect([linked.reason, linked.error?.cause]).toEqual(["shutdown", undefined]);
  });

  everywhere(
    "an operation's token is a linked token: a link made while the operation runs can cancel it",
    async () => {
      const other = new CancellationToken();
      const op = new Cancellable();
      expect(op.token).toBeInstanceOf(LinkedCancellationToken);
      const outcome = await op.settle(async () => {
        op.token.link(other, { preserveReason: true });
        other.cancel("disconnect", "gone");
        expect(op.isCancelled).toBe(true);
        await op.sleep(60_000);
      });
      expect(outcome).toMatchObject({
        status: "cancelled",
        error: { reason: "disconnect", message: "gone" },
      });
      expect(op.token.error).toBe(op.error);
    },
  );
});

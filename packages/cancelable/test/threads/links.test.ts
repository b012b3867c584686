import { expect, test } from "vitest";
import {
  after,
  Cancellable,
  CancellationToken,
  CancelScope,
  currentDeadline,
  currentScope,
  failAfter,
  isCancellation,
  LinkedCancellationToken,
  Queue,
  select,
  shield,
  sleep,
  TokenSource,
} from "../../src/index.ts";
import { SharedCancellationToken } from "../../src/threads/index.ts";
import { rejection } from "../backends.ts";
import { Thread, threadModule } from "./thread.ts";

const source = `
  import { SharedCancellationToken } from "@hother/cancelable/threads";
  const token = SharedCancellationToken.attach(data);
  send("ready");
  atGate();
  token.cancel("quota", "from the thread");
`;

/** A token that another thread cancels, without an event in this thread, while `cancelled` runs. */
async function tokenOfThread(): Promise<{
  readonly token: SharedCancellationToken;
  cancelled(): void;
  end(): Promise<void>;
}> {
  const token = new SharedCancellationToken();
  const thread = new Thread(await threadModule(source), token.handle);
  await thread.next();
  const words = new Int32Array(token.handle.memory);
  return {
    token,
    cancelled() {
      // Word 16 is the doorbell, which rings after the cancellation.
      const before = Atomics.load(words, 16);
      thread.open();
      while (Atomics.load(words, 16) === before);
    },
    async end() {
      await thread.ended;
      token[Symbol.dispose]();
    },
  };
}

const expected = { reason: "quota", message: "from the thread" };

test("an operation that follows the token throws at its next check, before any event (THR-04)", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const op = new Cancellable({ token });
  const outcome = await op.settle(() => {
    op.check();
    cancelled();
    op.check();
  });
  expect(outcome).toMatchObject({ status: "cancelled", error: expected });
  expect(isCancellation(op.error, token)).toBe(true);
  expect(op.context.metadata).toMatchObject({ cancelledBy: "token" });
  await end();
});

test("every kind of follower throws at its next checkpoint, before any event (THR-04)", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const linked = new LinkedCancellationToken();
  linked.link(token, { preserveReason: true });
  const chained = new LinkedCancellationToken();
  chained.link(linked, { preserveReason: true });
  using other = new SharedCancellationToken();
  other.link(token, { preserveReason: true });
  token.link(other);
  const scope = new CancelScope({ token: chained });
  const late = new Cancellable();
  const part = new Cancellable({ token });
  const combined = Cancellable.anyOf(part, Cancellable.withTimeout(60_000));
  const above = new Cancellable({ token });
  await rejection(
    late.run(async () => {
      late.token.link(token, { preserveReason: true });
      await rejection(
        combined.run(() =>
          above.run(() =>
            scope.run(async () => {
              await failAfter(60_000, async () => {
                expect(currentDeadline()).toBeLessThan(Number.POSITIVE_INFINITY);
                const inner = currentScope();
                expect(inner.deadline).toBe(currentDeadline());
                cancelled();
                expect(linked.isCancelled).toBe(true);
                for (const follower of [linked, chained, other, inner, late, above, combined, late.token]) {
                  expect(() => follower.check()).toThrow("from the thread");
                  expect(follower.isCancelled).toBe(true);
                }
                expect(await rejection(sleep(60_000))).toMatchObject({ message: "from the thread" });
                throw inner.error;
              });
            }),
          ),
        ),
      );
      late.check();
    }),
  );
  expect([linked.reason, chained.reason, other.reason, late.error?.reason]).toEqual(Array(4).fill("quota"));
  await end();
});

test("a shield keeps the token out until it ends (THR-04)", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const op = new Cancellable({ token });
  const outcome = await op.settle(async () => {
    await shield(() => {
      cancelled();
      currentScope().check();
      expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY);
    });
    op.check();
  });
  expect(outcome).toMatchObject({ status: "cancelled", error: expected });
  await end();
});

test("an operation with a shield looks at its own token, and not at those above (THR-04)", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const own = new SharedCancellationToken();
  await new Cancellable({ token }).settle(async () => {
    const op = new Cancellable({ token: own, shield: true });
    await op.run(() => {
      cancelled();
      op.check();
      expect(op.isCancelled).toBe(false);
    });
  });
  own[Symbol.dispose]();
  await end();
});

test("a link that was removed is not looked at any more", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const linked = new LinkedCancellationToken();
  linked.link(token)[Symbol.dispose]();
  linked.link(token)[Symbol.dispose]();
  const op = new Cancellable();
  await op.run(async () => {
    const [one, two] = [op.token.link(token), op.token.link(token)];
    op.token.link(new CancellationToken())[Symbol.dispose]();
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    two[Symbol.dispose]();
    cancelled();
    linked.check();
    op.check();
    expect(currentDeadline()).toBe(Number.POSITIVE_INFINITY);
  });
  expect(token.isCancelled).toBe(true);
  await end();
});

test("an operation that waits is told by an event (PAR-THC-02, PAR-THC-04)", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const op = new Cancellable({ token });
  const outcome = await op.settle(async () => {
    cancelled();
    await new Promise((resolve) => op.signal.addEventListener("abort", resolve));
    await sleep(1);
  });
  expect(outcome).toMatchObject({ status: "cancelled", error: expected });
  await end();
});

test("one of two links can be removed, and the other is still looked at (THR-04)", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const linked = new LinkedCancellationToken();
  const link = linked.link(token, { preserveReason: true });
  linked.link(token, { preserveReason: true });
  link[Symbol.dispose]();
  link[Symbol.dispose]();
  cancelled();
  expect(() => linked.check()).toThrow("from the thread");
  await end();
});

test("a token that needs two others throws at its next check, when both are cancelled (THR-04)", async () => {
  const [first, second] = [await tokenOfThread(), await tokenOfThread()];
  const both = CancellationToken.allOf(first.token, second.token);
  first.cancelled();
  second.cancelled();
  expect(() => both.check()).toThrow("from the thread");
  await first.end();
  await second.end();
});

test("a select takes the item that a callback adds when the select looks at the token", async () => {
  const { token, cancelled, end } = await tokenOfThread();
  const queue = new Queue<string>();
  const both = CancellationToken.allOf(token, new CancellationToken());
  token.onCancel(() => queue.putNowait("from the callback"));
  cancelled();
  const chosen = select({ queue, both, late: after(1_000) });
  expect(await chosen).toEqual({ key: "queue", value: "from the callback" });
  await end();
});

test("a source of the token works with a sink of the user's own", () => {
  using token = new SharedCancellationToken();
  const fired: unknown[] = [];
  const sink = { trigger: (...what: readonly unknown[]) => fired.push(what[0]) };
  const watching = new TokenSource(token).start(sink as never); // a sink for tests has only this method
  token.cancel("quota");
  watching[Symbol.dispose]();
  expect(fired).toEqual(["quota"]);
});

import { expect } from "vitest";
import {
  type AsyncBackend,
  all,
  any,
  asCompleted,
  Cancellable,
  CancellationToken,
  CancelScope,
  currentDeadline,
  failAfter,
  map,
  moveOnAfter,
  race,
  run,
  type ScopeOptions,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  withTimeout,
} from "../../src/index.ts";
import { liveScopes } from "../../src/inspect/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

type Body = () => Promise<unknown>;

/** Every function that takes the options of a scope, with a body that waits. */
const absorbing: ReadonlyArray<readonly [string, (body: Body, options: ScopeOptions) => Promise<unknown>]> = [
  ["CancelScope", (body, options) => new CancelScope(options).run(body)],
  ["moveOnAfter", (body, options) => moveOnAfter(null, body, options)],
  ["taskGroup", (body, options) => taskGroup(body, options)],
];
const failing: typeof absorbing = [
  ["failAfter", (body, options) => failAfter(null, body, options)],
  ["withTimeout", (body, options) => withTimeout(null, body, options)],
  ["shield", (body, options) => shield(body, options)],
  ["run", (body, options) => run(body, options)],
  ["all", (body, options) => all([body, async () => 1], options)],
  ["any", (body, options) => any([body], options)],
  ["race", (body, options) => race([body], options)],
  ["map", (body, options) => map([1, 2, 3], body, { ...options, concurrency: 2 })],
  [
    "asCompleted",
    async (body, options) => {
      for await (const _ of asCompleted([body], options));
    },
  ],
];

function* limits(
  backend: AsyncBackend,
): Generator<readonly [reason: string, options: ScopeOptions, fire: () => void]> {
  yield ["timeout", { timeout: 30 }, () => {}];
  yield ["timeout", { timeout: 30, deadline: backend.epoch() + 60_000 }, () => {}];
  yield ["timeout", { deadline: backend.epoch() + 30 }, () => {}];
  yield ["timeout", { timeout: { minutes: 1 }, deadline: new Date(backend.epoch() + 30) }, () => {}];
  const controller = new AbortController();
  const other = new AbortController().signal;
  yield ["manual", { signal: controller.signal }, () => controller.abort()];
  const second = new AbortController();
  yield ["manual", { signal: [other, second.signal] }, () => second.abort()];
  const token = new CancellationToken();
  yield ["shutdown", { token }, () => token.cancel("shutdown")];
  const tokens = [new CancellationToken(), new CancellationToken()] as const;
  yield ["disconnect", { token: tokens }, () => tokens[1].cancel("disconnect")];
}

describeEverywhere("the options of a scope are the same everywhere", (everywhere) => {
  for (const [name, call] of [...absorbing, ...failing]) {
    everywhere(`${name} takes a timeout, a deadline, signals and tokens`, async (t) => {
      for (const [reason, options, fire] of limits(t.backend)) {
        let seen: unknown;
        let hasStarted = false;
        const ended = call(async () => {
          hasStarted = true;
          fire();
          seen = await rejection(sleepForever());
          throw seen;
        }, options);
        const isFailing = failing.some(([one]) => one === name);
        const error = isFailing ? await rejection(ended) : await ended;
        // A machine that stands still can let a limit pass before the body is called.
        if (hasStarted || reason !== "timeout" || t.backend.name === "virtual")
          expect({ options, seen }).toMatchObject({ seen: { reason } });
        if (isFailing) expect(error).toMatchObject({ reason });
        else expect(error).toBeUndefined();
      }
    });

    everywhere(`${name} takes undefined for every option`, async () => {
      const options = {
        timeout: undefined,
        deadline: undefined,
        signal: undefined,
        token: undefined,
        parent: undefined,
        name: undefined,
      };
      await call(async () => {}, options);
    });

    everywhere(`${name} takes a parent and a name`, async () => {
      const parent = new CancelScope();
      await parent.run(async () => {
        await call(
          async () => {
            const names = liveScopes(parent).map((scope) => scope.name);
            expect(names).toContain("mine");
          },
          { parent, name: "mine" },
        );
        await new CancelScope({ timeout: 5 }).run(async () => {
          const inside = currentDeadline();
          await call(async () => expect(currentDeadline()).toBeGreaterThan(inside), { parent: null });
        });
      });
    });
  }

  everywhere("a token and a signal are left at the end of the scope (rule 24)", async () => {
    const token = new CancellationToken();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    await moveOnAfter(1_000, () => sleep(1), { token, signal });
    await rejection(failAfter(1, () => sleepForever(), { token, signal }));
    expect(listeners).toBe(0);
    expect(token.node.waiters).toBeUndefined();
  });

  everywhere("a token that is cancelled already cancels the scope at its start", async () => {
    const token = new CancellationToken();
    token.cancel("shutdown", "closing");
    const scope = new CancelScope({ token });
    let error: unknown;
    await scope.run(async () => {
      error = await rejection(sleep(0));
      throw error;
    });
    expect(error).toMatchObject({ reason: "shutdown", message: "closing", cause: token.error });
    expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, true]);
    expect(
      await rejection(failAfter(5, () => sleep(0), { signal: AbortSignal.abort("gone") })),
    ).toMatchObject({
      reason: "manual",
    });
  });

  everywhere("tasks that all ended in spite of a limit give their values (rule 3)", async (t) => {
    for (const verb of [
      (task: () => Promise<number>, count: number, token: CancellationToken) =>
        all(
          Array.from({ length: count }, () => task),
          { token },
        ),
      (task: () => Promise<number>, count: number, token: CancellationToken) =>
        map(Array(count).fill(0), task, { token }),
    ])
      for (const [count, busy] of [
        [2, 0],
        [2, 5],
        [3, 5],
      ] as const) {
        const token = new CancellationToken();
        let waiting = 0;
        const stubborn = async (): Promise<number> => {
          const wait = sleepForever();
          if (++waiting === count) token.cancel();
          await wait.catch(() => {});
          return 1;
        };
        // On a busy thread the start of every second task gives the event loop a turn, also that of the last one.
        Object.defineProperty(stubborn, "name", { get: () => (t.block(busy), "stubborn") });
        expect(await verb(stubborn, count, token)).toEqual(Array(count).fill(1));
      }
  });

  everywhere("a limit of moveOnAfter that is a token is absorbed, an outer one is not (rule 5)", async () => {
    const token = new CancellationToken();
    const op = new Cancellable();
    const outcome = await op.settle(async () => {
      expect(
        await moveOnAfter(
          1_000,
          () => {
            token.cancel();
            return sleepForever();
          },
          { token },
        ),
      ).toBeUndefined();
      await moveOnAfter(1_000, () => {
        op.cancel("shutdown");
        return sleepForever();
      });
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
  });

  everywhere("the name of a scope is in the message of its cancellation", async () => {
    expect(await rejection(failAfter(5, () => sleepForever(), { name: "warm up" }))).toMatchObject({
      message: 'scope "warm up" timed out after 5 ms',
    });
    const error = await rejection(all([() => sleepForever()], { name: "copies", deadline: new Date(0) }));
    expect(error).toMatchObject({ message: 'scope "copies" timed out: its deadline has passed' });
    const token = new CancellationToken();
    token.cancel("shutdown", "closing");
    const told = await rejection(failAfter(5, () => sleep(0), { name: "warm up", token }));
    expect(told).toMatchObject({ reason: "shutdown", message: "closing", operation: undefined });
  });
});

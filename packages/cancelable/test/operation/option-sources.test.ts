import { expect } from "vitest";
import {
  type AsyncBackend,
  Cancellable,
  type CancellableOptions,
  CancellationToken,
  cancellable,
  cancellableStream,
  sleepForever,
  TokenSource,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectRejects, expectThrows, thrown, wrong } from "../refusals.ts";

type Body = () => Promise<never>;

const run = (body: Body, options: CancellableOptions): Promise<unknown> =>
  rejection(new Cancellable(options).run(body));

/** Everything that takes the options of an operation, with a body that waits. Returns the error of the end. */
const entries: ReadonlyArray<readonly [string, typeof run]> = [
  ["Cancellable", run],
  ["Cancellable.withTimeout", (body, options) => rejection(Cancellable.withTimeout(null, options).run(body))],
  [
    "Cancellable.anyOf",
    (body, options) => rejection(Cancellable.anyOf([new CancellationToken()], options).run(body)),
  ],
  ["op.shield", (body, options) => new Cancellable().run((op) => rejection(op.shield(body, options)))],
  ["cancellable", (body, options) => rejection(cancellable(options, body)())],
  [
    "cancellableStream",
    (body, options) => {
      async function* items(): AsyncGenerator<never> {
        await body();
      }
      return rejection(cancellableStream(items(), options)[Symbol.asyncIterator]().next());
    },
  ],
];

const reader = { memory: () => 90, cpu: () => 0, disk: () => 0, eventLoopDelay: () => 0 };

function* limits(
  backend: AsyncBackend,
): Generator<readonly [reason: string, by: string, options: CancellableOptions, fire: () => void]> {
  const nothing = (): void => {};
  yield ["timeout", "timeout", { timeout: { milliseconds: 5 } }, nothing];
  yield ["timeout", "deadline", { deadline: backend.epoch() + 5, timeout: null }, nothing];
  yield ["timeout", "deadline", { deadline: new Date(backend.epoch() + 5), timeout: 60_000 }, nothing];
  const controllers = [new AbortController(), new AbortController()] as const;
  yield ["manual", "abort-signal", { signal: controllers[0].signal }, () => controllers[0].abort()];
  yield [
    "manual",
    "abort-signal",
    { signal: [new AbortController().signal, controllers[1].signal] },
    () => controllers[1].abort(),
  ];
  const tokens = [new CancellationToken(), new CancellationToken()] as const;
  yield ["shutdown", "token", { token: tokens[0] }, () => tokens[0].cancel("shutdown")];
  yield [
    "disconnect",
    "token",
    { token: [new CancellationToken(), tokens[1]] },
    () => tokens[1].cancel("disconnect"),
  ];
  const kill = (): void => void process.kill(process.pid, "SIGUSR2");
  yield ["signal", "signal", { signals: "SIGUSR2" }, kill];
  yield ["signal", "signal", { signals: ["SIGHUP", "SIGUSR2"] }, kill];
  yield [
    "condition",
    "full",
    {
      condition: function full() {
        return true;
      },
    },
    nothing,
  ];
  let checks = 0;
  const check = (): boolean => ++checks === 3;
  yield ["condition", "disk full", { condition: { check, interval: 1, name: "disk full" } }, nothing];
  yield ["condition", "resources(memory>80)", { resources: { memory: 80, interval: 1, reader } }, nothing];
}

describeEverywhere("the options of an operation are the same everywhere (rule 38)", (everywhere) => {
  for (const [name, call] of entries) {
    everywhere(`${name} takes every limit, and the reason tells which one was met`, async (t) => {
      for (const [reason, by, options, fire] of limits(t.backend)) {
        let op: Cancellable | undefined;
        const observer = {
          started: (one: unknown) => {
            op = one as Cancellable;
          },
          progress() {},
          cancelling() {},
          ended() {},
        };
        const error = await call(
          async () => {
            fire();
            return await sleepForever();
          },
          { ...options, register: observer },
        );
        expect({ options, error }).toMatchObject({ error: { reason } });
        expect(op?.context.metadata.cancelledBy).toBe(by);
      }
    });

    everywhere(`${name} takes undefined for every option`, async () => {
      const options = {
        id: undefined,
        name: undefined,
        metadata: undefined,
        register: undefined,
        grace: undefined,
        progressFrom: undefined,
        progressWeight: undefined,
        timeout: undefined,
        deadline: undefined,
        signal: undefined,
        signals: undefined,
        token: undefined,
        condition: undefined,
        resources: undefined,
      } satisfies CancellableOptions;
      const error = new Error("of the body");
      expect(await call(() => Promise.reject(error), options)).toBe(error);
    });
  }

  everywhere("several limits apply together, and the earliest one is met", async (t) => {
    const op = Cancellable.withTimeout(60_000, { timeout: 5, deadline: t.backend.epoch() + 70_000 });
    expect(await op.settle(() => sleepForever())).toMatchObject({
      error: { reason: "timeout", timeoutMs: 5 },
    });
    t.expectElapsed(5);
    const other = Cancellable.withTimeout(5, { timeout: 60_000 });
    expect(await other.settle(() => sleepForever())).toMatchObject({ error: { timeoutMs: 5 } });
    t.expectElapsed(10);
  });

  everywhere("an operation with the option shield is not reached from above", async () => {
    const outer = new Cancellable();
    await outer.settle(async () => {
      const inner = new Cancellable({ shield: true });
      await inner.run(async (op) => {
        outer.cancel();
        await op.sleep(1);
        expect([op.status, op.isCancelled]).toEqual(["shielded", false]);
      });
    });
  });

  everywhere("combine takes the limits of the parts once, and the options of the first part", async () => {
    const token = new CancellationToken();
    const first = new Cancellable({ name: "first", token, timeout: 60_000, condition: () => false });
    const combined = first.combine(Cancellable.withTimeout(50_000));
    expect(combined.name).toBe("first");
    const outcome = await combined.settle(() => {
      token.cancel("shutdown");
      return sleepForever();
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
  });

  everywhere(
    "wrong limits are refused with their names, and leave no child in the parent (rule 24)",
    async () => {
      const parent = new Cancellable();
      const refused = (options: unknown) => () => new Cancellable({ ...(options as object), parent });
      const moment = "a Date or epoch milliseconds";
      expectThrows("TypeError", [
        [
          refused({ timeout: "5" }),
          "options.timeout",
          "milliseconds, a Duration such as { seconds: 5 }, or null",
          '"5"',
        ],
        [refused({ deadline: "x" }), "options.deadline", moment, '"x"'],
        [refused({ signal: {} }), "options.signal", "an AbortSignal", "{}"],
        [refused({ signal: [{}] }), "options.signal[0]", "an AbortSignal", "{}"],
        [refused({ token: [5] }), "options.token[0]", "a CancellationToken", "5"],
        [refused({ signals: 5 }), "options.signals", "the name of a signal or an array of names", "5"],
        [refused({ shield: "yes" }), "options.shield", "true or false", '"yes"'],
      ]);
      expectThrows("RangeError", [
        [
          refused({ condition: { check: () => true, interval: 0 } }),
          "options.condition.interval",
          "a positive, finite time span",
          "0",
        ],
      ]);
      expect((thrown(refused({ condition: { chek: () => true } })) as Error).message).toBe(
        "options.condition.chek is not an option of a condition; did you mean check?",
      );
      expect(parent.children).toEqual([]);
      await expectRejects("TypeError", [
        [
          () => new Cancellable().shield(() => 1, { grace: wrong("5") }),
          "options.grace",
          "milliseconds, a Duration such as { seconds: 5 }, or null",
          '"5"',
        ],
      ]);
    },
  );
});

describeEverywhere("static methods of operations", (everywhere) => {
  everywhere("the forms with an array take options", async () => {
    const token = new CancellationToken();
    const named = new TokenSource(token, "client");
    const any = Cancellable.anyOf([named, new AbortController().signal], { name: "any", timeout: 60_000 });
    const outcome = await any.settle(() => {
      token.cancel("disconnect");
      return sleepForever();
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "disconnect" } });
    expect([any.name, any.context.metadata.cancelledBy]).toEqual(["any", "client"]);
    expect(Cancellable.allOf([token], { name: "all" }).name).toBe("all");
    const signalled = Cancellable.withSignal(["SIGUSR2"], { name: "signalled" });
    expect(signalled.name).toBe("signalled");
    expect(
      await signalled.settle(() => {
        process.kill(process.pid, "SIGUSR2");
        return sleepForever();
      }),
    ).toMatchObject({ error: { reason: "signal" } });
    expect(thrown(() => Cancellable.anyOf([token], wrong({ nmae: "x" })))).toBeInstanceOf(TypeError);
  });

  everywhere("the static methods of a subclass create objects of the subclass", () => {
    class Job extends Cancellable {
      readonly kind = "job";
    }
    const token = new CancellationToken();
    const jobs: Job[] = [
      Job.withTimeout(5),
      Job.withToken(token, { name: "import" }),
      Job.withSignal("SIGINT"),
      Job.withAbortSignal(new AbortController().signal),
      Job.withCondition(() => false),
      Job.withResources({ memory: 90 }),
      Job.withDeadline(new Date()),
      Job.anyOf(token),
      Job.allOf([token]),
    ];
    for (const job of jobs) expect([job instanceof Job, job.kind]).toEqual([true, "job"]);
  });
});

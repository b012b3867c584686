import { expect, test as vitestTest } from "vitest";
import {
  Cancellable,
  Event,
  getBackend,
  Lock,
  moveOnAfter,
  setReporter,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import type { VirtualBackend } from "../../src/testing/index.ts";
import { type VirtualTestOptions, withVirtual } from "../../src/testing/index.ts";
import { rejection } from "../backends.ts";
import { runScript } from "../child.ts";

const test = withVirtual(vitestTest);

test.virtual("with vitest the body runs in virtual time and gets the backend", async (backend) => {
  expect(getBackend()).toBe(backend);
  await moveOnAfter({ hours: 1 }, () => sleepForever());
  expect(backend.now()).toBe(3_600_000);
});

test.virtual(
  "the options of the backend are accepted, and held work is not stuck time",
  async (backend) => {
    expect([backend.autoJump, backend.epoch()]).toEqual([false, 5]);
    let real = false;
    await backend.hold(
      new Promise<void>((resolve) => {
        setTimeout(resolve, 300);
      }).then(() => {
        real = true;
      }),
    );
    expect(real).toBe(true);
    const sleeping = sleep(10);
    await backend.advance(10);
    await sleeping;
  },
  { autoJump: false, epoch: 5, patience: 100 },
);

test("the other functions of the runner's test remain, and the given test is not changed", () => {
  for (const name of ["skip", "only", "each", "extend"] as const) expect(test[name]).toBeTypeOf("function");
  expect("virtual" in vitestTest).toBe(false);
  expect(withVirtual((title: string) => `registered ${title}`).virtual("a", () => {})).toBe("registered a");
});

/** The end of a virtual test: its error, if it fails. */
function outcome(body: (backend: VirtualBackend) => unknown, options?: VirtualTestOptions): Promise<unknown> {
  const runner = withVirtual((_: string, run: () => Promise<void>) => run().then(() => "passed"));
  return rejection(Promise.resolve(runner.virtual("title", body, options)));
}

test("an error of the body fails the test unchanged", async () => {
  const error = new Error("broken");
  expect(await outcome(() => Promise.reject(error))).toBe(error);
  expect(
    await outcome(() => {
      throw error;
    }),
  ).toBe(error);
});

test("stuck time fails the test, names the waiting tasks and cancels them", async () => {
  let cleanedUp = false;
  const error = await outcome(
    async () => {
      await sleep(1_500);
      const event = new Event();
      await new Cancellable({ name: "import" }).run(() =>
        taskGroup((group) => {
          group.startSoon(async function reader() {
            try {
              await event.wait();
            } finally {
              cleanedUp = true;
            }
          });
          group.startSoon(() => sleep(10));
        }),
      );
    },
    { patience: 100 },
  );
  expect(error).toMatchObject({
    name: "AssertionError",
    message:
      "Time is stuck at 1.51 s: 2 tasks wait and no timer is set " +
      '(the body of the test, task "reader" in operation "import"). ' +
      "Pass promises that wait for the real world to backend.hold()",
  });
  expect(cleanedUp).toBe(true);
});

test("a task that waits for its own lock is named with the place where it waits (SYNC-02)", async () => {
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  const error = await outcome(
    async () => {
      await new Lock().run(() => {}); // a lock that no task waits for
      await taskGroup((group) => {
        group.startSoon(async function twice() {
          const lock = new Lock();
          // No tail call: JavaScriptCore keeps no frame for one.
          await lock.run(async () => {
            await lock.acquire();
          });
        });
      });
    },
    { patience: 100 },
  );
  setReporter(before);
  expect((error as Error).message).toMatch(
    /^Time is stuck at 5 s: .*task "twice"\)\. Lock is already held by this caller.*virtual-test\.test\.ts.*\)\. Pass promises/,
  );
  expect(reported).toHaveLength(1);
});

test("of many waiting tasks ten are named, and tasks outside every operation only by their names", async () => {
  const error = await outcome(
    () =>
      taskGroup((group) => {
        for (let n = 0; n < 12; n++)
          group
            .startSoon(async () => sleepForever())
            .wait()
            .catch(() => {});
      }),
    { patience: 60 },
  );
  expect((error as Error).message).toContain("13 tasks wait and no timer is set");
  expect((error as Error).message.match(/task "task"[,)]/g)).toHaveLength(9);
  expect(error).toMatchObject({ message: expect.stringContaining('task "task", …).') });
});

test.virtual(
  "a body that gives the event loop turns is not stuck, however long it takes",
  async () => {
    for (const end = performance.now() + 150; performance.now() < end; ) await sleep(0);
  },
  { patience: 60 },
);

test("a foreign promise that never settles is stuck time, although no cancellation reaches it", async () => {
  const error = await outcome(() => new Promise(() => {}), { patience: 60 });
  expect(error).toMatchObject({
    message: expect.stringMatching(/^Time is stuck at 0 ms: 1 task waits and no timer/),
  });
});

/** Waits for a timer of the backend itself. */
const timer = (backend: VirtualBackend): Promise<void> =>
  new Promise((resolve) => void backend.setTimer(backend.now() + 5, resolve));

test("time without autoJump is stuck when advance() is not called, whatever timers are set", async () => {
  const error = await outcome(() => sleep(10), { patience: 60, autoJump: false });
  expect(error).toMatchObject({
    message: expect.stringContaining(
      "1 task waits for 1 timer, and autoJump is off, so only advance() moves the time",
    ),
  });
  const two = await outcome((backend) => Promise.all([sleep(10), timer(backend)]), {
    patience: 60,
    autoJump: false,
  });
  expect(two).toMatchObject({ message: expect.stringContaining("1 task waits for 2 timers, and autoJump") });
});

test("an operation that the body left open is named after the body has ended", async () => {
  const error = await outcome(() => void new Cancellable({ name: "open" }).start(), { patience: 60 });
  expect(error).toMatchObject({
    message:
      "Time is stuck at 0 ms: the body of the test has ended, " +
      'but some of the scopes that it started have not (operations: 1, operation "open" (running))',
  });
});

test("wrong bodies, options and tests are refused", async () => {
  expect(() => withVirtual("test" as never)).toThrow(TypeError);
  expect(() => test.virtual("title", 5 as never)).toThrow(TypeError);
  expect(() => test.virtual("title", () => {}, 5 as never)).toThrow(TypeError);
  for (const patience of [0, null]) expect(await outcome(() => {}, { patience })).toBeInstanceOf(RangeError);
});

const nodeTest = (body: string): string => `
  import { test as nodeTest } from "node:test";
  import { sleep, sleepForever } from "@hother/cancelable";
  import { withVirtual } from "@hother/cancelable/testing";
  const test = withVirtual(nodeTest);
  ${body}
`;

test("with node:test a test in virtual time passes at once", async () => {
  const { code, output, errors } = await runScript(
    nodeTest(`test.virtual("a day passes", async (backend) => {
      await sleep({ days: 1 });
      if (backend.now() !== 86_400_000) throw new Error("it did not");
    });`),
  );
  expect([code, errors]).toEqual([0, ""]);
  expect(output).toMatch(/pass 1\b/);
});

test("with node:test stuck time fails the test instead of hanging", async () => {
  const { code, output } = await runScript(
    nodeTest(`test.virtual("stuck", () => sleepForever(), { patience: 100 });`),
  );
  expect(code).toBe(1);
  expect(output).toContain("Time is stuck at 0 ms: 1 task waits and no timer is set");
});

test.virtual.each([
  [1, "one"],
  [2, "two"],
])("each: case %i is spread", async (backend, n, name) => {
  await sleep(n);
  expect([backend.now(), name]).toEqual([n, n === 1 ? "one" : "two"]);
});

test.virtual.each([5, 10])("each: a case that is no array is the argument, %i", async (backend, n) => {
  await sleep(n);
  expect(backend.now()).toBe(n);
});

test.virtual.for([[3, 4]])("for: the case is passed as it is", async (backend, pair) => {
  await sleep(pair[0] as number);
  expect([backend.now(), pair]).toEqual([3, [3, 4]]);
});

test.virtual.skip("skip: the body does not run", () => {
  throw new Error("it ran");
});

test.virtual.skip.each([1, 2])("skip.each: the body does not run", () => {
  throw new Error("it ran");
});

test("only uses the runner's only, and functions that the runner lacks are named", async () => {
  const declared: string[] = [];
  const runner = Object.assign((title: string) => declared.push(title), {
    only: (title: string) => declared.push(`only ${title}`),
  });
  const own = withVirtual(runner);
  own.virtual.only("a", () => {});
  own.virtual("b", () => {});
  expect(declared).toEqual(["only a", "b"]);
  expect(() => own.virtual.skip("c", () => {})).toThrow("test.skip must be a function; got undefined");
  expect(() => own.virtual.each([1])).toThrow("test.each must be a function; got undefined");
  expect(() => own.virtual.for([1])).toThrow("test.for must be a function; got undefined");
  const wrongBody = withVirtual(vitestTest).virtual.each([1]);
  expect(() => wrongBody("title", 5 as never)).toThrow("body must be a function; got 5");
});

test("with node:test a virtual test can be skipped", async () => {
  const { code, output } = await runScript(
    nodeTest(`test.virtual.skip("skipped", () => { throw new Error("it ran"); });`),
  );
  expect(code).toBe(0);
  expect(output).toMatch(/skipped 1\b/);
});

import { EventEmitter } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { Cancellable, run, setReporter, sleep, sleepForever, taskGroup } from "../../src/index.ts";
import { AssertionError, expectNoLeaks, VirtualBackend } from "../../src/testing/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("expectNoLeaks", (everywhere) => {
  everywhere("a body that leaves nothing passes, and its value comes out", async () => {
    const controller = new AbortController();
    const value = await expectNoLeaks(
      async () => {
        const op = Cancellable.anyOf(controller.signal, Cancellable.withSignal("SIGUSR2"));
        await op.run(() => taskGroup((group) => group.startSoon(() => sleep(1))));
        return 42;
      },
      { listeners: [controller.signal] },
    );
    expect(value).toBe(42);
  });

  everywhere("an operation that still runs is named with its status", async () => {
    const op = new Cancellable({ name: "import" });
    const error = await rejection(expectNoLeaks(() => void op.start()));
    await op[Symbol.asyncDispose]();
    expect(error).toBeInstanceOf(AssertionError);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^Expected no leaks, but found operations: 1, operation "import" \(running\)/,
      ),
    });
  });

  everywhere("operations without a parent and operations that never started are found", async () => {
    const detached = new Cancellable({ name: "detached", parent: null });
    const parent = new Cancellable();
    const ended = deferred();
    const error = await parent.run(() =>
      rejection(
        expectNoLeaks(() => {
          void detached.run(() => ended.promise);
          new Cancellable({ name: "forgotten", parent });
        }),
      ),
    );
    ended.resolve();
    expect(error).toMatchObject({ message: expect.stringContaining("operations: 2, ") });
    expect(error).toMatchObject({ message: expect.stringContaining('"detached" (running)') });
    expect(error).toMatchObject({ message: expect.stringContaining('"forgotten" (pending)') });
  });

  everywhere("a group that is not waited for is found with its task", async () => {
    const group = new Cancellable();
    const error = await group.settle(async () => {
      const found = await rejection(
        expectNoLeaks(() => {
          void taskGroup((inner) => {
            inner.startSoon(async function worker() {
              await sleepForever();
            });
          }).catch(() => {});
        }),
      );
      group.cancel();
      throw found;
    });
    expect(error).toMatchObject({
      status: "failed",
      error: { message: expect.stringMatching(/tasks and scopes: 2, a scope, task "worker"/) },
    });
  });

  everywhere("an error of the body comes out unchanged", async () => {
    const error = new Error("broken");
    expect(await rejection(expectNoLeaks(() => Promise.reject(error)))).toBe(error);
  });

  everywhere("listeners are counted on emitters, signals and the process", async () => {
    const emitter = new EventEmitter();
    emitter.on("data", () => {});
    const { signal } = new AbortController();
    const listener = (): void => {};
    const error = await rejection(
      expectNoLeaks(
        () => {
          emitter.on("data", listener);
          signal.addEventListener("abort", listener);
          process.on("SIGUSR2", listener);
        },
        { listeners: [emitter, signal] },
      ),
    );
    process.removeListener("SIGUSR2", listener);
    expect(error).toMatchObject({
      message:
        'Expected no leaks, but found "SIGUSR2" listeners of the process: 0 before, 1 after; ' +
        '"data" listeners of listeners[0] (EventEmitter): 1 before, 2 after; ' +
        '"abort" listeners of listeners[1] (AbortSignal): 0 before, 1 after',
    });
  });

  everywhere("a timer of the host is found", async () => {
    let timer: NodeJS.Timeout | undefined;
    const error = await rejection(
      expectNoLeaks(() => {
        timer = setTimeout(() => {}, 60_000);
      }),
    );
    clearTimeout(timer);
    expect(error).toMatchObject({ message: "Expected no leaks, but found timers: 0 before, 1 after" });
  });

  everywhere("timers that fired or were cleared, and timers of other code, do not count", async () => {
    const others = setTimeout(() => {}, 60_000);
    await expectNoLeaks(async () => {
      clearTimeout(others);
      clearTimeout(setTimeout(() => {}, 60_000));
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 1);
      });
    });
  });

  everywhere("a sleep that nothing awaits is found", async () => {
    const error = await rejection(
      new Cancellable().run(() => expectNoLeaks(() => void sleep({ hours: 1 }).catch(() => {}))),
    );
    expect(error).toMatchObject({
      message: expect.stringMatching(/waits and subscriptions in outer scopes: \d before, \d after/),
    });
  });

  everywhere("invalid options are refused", async () => {
    for (const settle of [-1, null]) {
      expect(await rejection(expectNoLeaks(() => {}, { settle }))).toBeInstanceOf(RangeError);
    }
    for (const listeners of [{}, [{}], [null]]) {
      expect(await rejection(expectNoLeaks(() => {}, { listeners } as never))).toBeInstanceOf(TypeError);
    }
    expect(await rejection(expectNoLeaks("body" as never))).toBeInstanceOf(TypeError);
  });
});

test("in virtual time a sleep that nothing awaits is a timer, and time does not move during the check", async () => {
  const backend = new VirtualBackend();
  await run(
    async () => {
      const error = await rejection(expectNoLeaks(() => void sleep(10).catch(() => {})));
      expect(error).toMatchObject({
        // Waits that earlier tests have left in the native root are counted on both sides.
        message: expect.stringMatching(
          /^Expected no leaks, but found waits and subscriptions in outer scopes: \d+ before, \d+ after; timers of the virtual backend: 0 before, 1 after$/,
        ),
      });
      expect(backend.now()).toBe(0);
    },
    { backend },
  );
});

test("a handle is found, and a handle that closes within the settle time is not", async () => {
  const listening = async (): Promise<Server> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  };
  let server: Server | undefined;
  const error = await rejection(
    expectNoLeaks(async () => {
      server = await listening();
    }),
  );
  server?.close();
  expect(error).toMatchObject({
    message: expect.stringMatching(/handles of kind TCP\w*: 0 before, 1 after/),
  });
  await expectNoLeaks(async () => void (await listening()).close(), { settle: { seconds: 5 } });
});

test("timers and handles have some turns to end, also when the time passes in the first one", async () => {
  const endsInTurn = (last: number): void => {
    const timer = setTimeout(() => {}, 60_000);
    let turn = 0;
    const next = (): void => {
      turn++;
      if (turn === last) clearTimeout(timer);
      else setImmediate(next);
    };
    setImmediate(next);
  };
  await expectNoLeaks(() => endsInTurn(15), { settle: 0.001 });
  expect(await rejection(expectNoLeaks(() => endsInTurn(15), { settle: 0 }))).toMatchObject({
    message: expect.stringMatching(/\d before, \d after/),
  });
});

test("the error of a leak check is not reported as well", async () => {
  const reported: unknown[] = [];
  const before = setReporter((error) => void reported.push(error));
  const op = new Cancellable();
  await rejection(expectNoLeaks(() => void op.start()));
  await op[Symbol.asyncDispose]();
  setReporter(before);
  expect(reported).toEqual([]);
});

test("kinds of handles that are ignored are not counted", async () => {
  const listening = (): Promise<Server> =>
    new Promise((resolve) => {
      const created = createServer().listen(0, () => resolve(created));
    });
  let server: Server | undefined;
  const leaking = async (): Promise<void> => {
    server = await listening();
  };
  const kinds = ["TCPServerWrap", "TCPSocketWrap"];
  await expectNoLeaks(leaking, { ignore: kinds });
  server?.close();
  expect(await rejection(expectNoLeaks(() => {}, { ignore: "TCPSocketWrap" as never }))).toMatchObject({
    message: 'options.ignore must be an array; got "TCPSocketWrap"',
  });
  expect(await rejection(expectNoLeaks(() => {}, { ignore: [1 as never] }))).toMatchObject({
    message: "options.ignore[0] must be a string; got 1",
  });
});

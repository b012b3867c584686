// The built package on any host: the same promises, checked by hand because not every host has a test
// runner. Prints "N passed, N failed".
import * as cancelable from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";

const {
  all,
  any,
  Cancellable,
  CancellationToken,
  CapacityLimiter,
  Condition,
  checkpoint,
  currentDeadline,
  currentOperation,
  Event,
  failAfter,
  isCancellation,
  LinkedCancellationToken,
  Lock,
  map,
  moveOnAfter,
  Queue,
  race,
  run,
  Semaphore,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  TimeoutCancellation,
  waitFor,
  withTimeout,
} = cancelable;

let passed = 0;
let failed = 0;

function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

async function check(title, body) {
  try {
    await body();
    passed++;
  } catch (error) {
    failed++;
    console.error(`FAILED ${title}:`, error);
  }
}

await check("a token is cancelled once, with reason and message", () => {
  const token = new CancellationToken();
  equal([token.cancel("shutdown", "bye"), token.cancel()], [true, false]);
  equal([token.reason, token.message, token.signal.aborted], ["shutdown", "bye", true]);
});
await check("a linked token follows", () => {
  const a = new CancellationToken();
  const b = new LinkedCancellationToken();
  b.link(a);
  a.cancel();
  equal(b.reason, "parent");
});
await check("moveOnAfter gives undefined", async () =>
  equal(await moveOnAfter(10, () => sleepForever()), undefined),
);
await check("moveOnAfter gives the value", async () => equal(await moveOnAfter(1_000, async () => 5), 5));
await check("failAfter rejects with a timeout", async () => {
  const error = await failAfter(5, () => sleepForever()).catch((e) => e);
  equal([error instanceof TimeoutCancellation, error.name, error.code], [true, "TimeoutError", "ABORT_ERR"]);
});
await check("withTimeout of a promise", async () => {
  const error = await withTimeout(5, new Promise(() => {})).catch((e) => e);
  equal(isCancellation(error), true);
});
await check("the ambient operation follows await and timers", async () => {
  const op = new Cancellable();
  await op.run(async () => {
    await sleep(1);
    equal(currentOperation() === op, true);
    await new Promise((resolve) => setTimeout(resolve, 1));
    equal(currentOperation() === op, true);
  });
  equal(currentOperation(), undefined);
});
await check("an operation settles as cancelled", async () => {
  const outcome = await Cancellable.withTimeout(5).settle((op) => op.sleep(1_000));
  equal([outcome.status, outcome.error.reason], ["cancelled", "timeout"]);
});
await check("cancelling reaches children", async () => {
  const parent = new Cancellable();
  await parent.settle(async () => {
    const ended = new Cancellable().settle(() => sleepForever());
    parent.cancel();
    equal((await ended).error.reason, "parent");
  });
});
await check("a shield keeps cancellation out", async () => {
  let cleaned = false;
  await moveOnAfter(5, async () => {
    try {
      await sleepForever();
    } finally {
      await shield(async () => {
        await sleep(5);
        cleaned = true;
      });
    }
  });
  equal(cleaned, true);
});
await check("a group rejects with the first failure", async () => {
  const error = await taskGroup(async (group) => {
    group.startSoon(() => Promise.reject(new RangeError("first")));
    await sleepForever();
  }).catch((e) => e);
  equal([error.name, error.message], ["RangeError", "first"]);
});
await check("group.start waits for started", async () => {
  await taskGroup(async (group) => {
    equal(await group.start(async (started) => started(80)), 80);
  });
});
await check("all", async () => equal(await all([async () => 1, Promise.resolve(2)]), [1, 2]));
await check("race", async () => equal(await race([() => sleepForever(), async () => "fast"]), "fast"));
await check("any", async () => equal(await any([() => Promise.reject(new Error("x")), async () => 3]), 3));
await check("map with concurrency", async () =>
  equal(await map([1, 2, 3], async (n) => n * 2, { concurrency: 2 }), [2, 4, 6]),
);
await check("deadlines", async () => {
  equal(currentDeadline(), null);
  await moveOnAfter(1_000, () => equal(currentDeadline() > 0, true));
});
await check("waitFor", async () => equal(await waitFor(() => Promise.resolve("w")), "w"));
await check("checkpoint", async () => {
  for (let i = 0; i < 100; i++) await checkpoint();
  equal(await moveOnAfter(0, () => checkpoint().then(() => "passed")), undefined);
});
await check("a lock", async () => {
  const lock = new Lock();
  const lease = await lock.acquire();
  equal(lock.isLocked, true);
  lease[Symbol.dispose]();
  equal(lock.isLocked, false);
});
await check("a semaphore", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.run(() => equal(semaphore.value, 0));
  equal(semaphore.value, 1);
});
await check("a limiter", async () => {
  const limiter = new CapacityLimiter(2);
  await limiter.run(() => equal(limiter.available, 1));
});
await check("an event", async () => {
  const event = new Event();
  await taskGroup((group) => {
    group.startSoon(() => event.wait());
    group.startSoon(async () => event.set());
  });
});
await check("a condition", async () => {
  const condition = new Condition();
  let ready = false;
  await taskGroup((group) => {
    group.startSoon(async () => {
      const lease = await condition.acquire();
      await condition.waitUntil(() => ready);
      lease[Symbol.dispose]();
    });
    group.startSoon(async () => {
      const lease = await condition.acquire();
      ready = true;
      condition.notify();
      lease[Symbol.dispose]();
    });
  });
});
await check("a queue", async () => {
  const queue = new Queue(1);
  const seen = [];
  await taskGroup(async (group) => {
    group.startSoon(async () => {
      for (let i = 0; i < 3; i++) await queue.put(i);
      queue.close();
    });
    for await (const item of queue) seen.push(item);
  });
  equal(seen, [0, 1, 2]);
});
await check("any-of with a timeout", async () => {
  const op = Cancellable.anyOf(
    Cancellable.withTimeout(5),
    Cancellable.withCondition(() => false),
  );
  equal((await op.settle(() => sleepForever())).error.reason, "timeout");
});
await check("an AbortSignal cancels", async () => {
  const controller = new AbortController();
  const ended = Cancellable.withAbortSignal(controller.signal).settle(() => sleepForever());
  controller.abort(new Error("gone"));
  equal((await ended).error.message, "gone");
});
await check("virtual time", async () => {
  const backend = new VirtualBackend();
  await run(() => moveOnAfter({ hours: 1 }, () => sleep({ days: 1 })), { backend });
  equal(backend.now(), 3_600_000);
});
await check("the handle form", async () => {
  const op = Cancellable.withTimeout(5).start();
  await op.sleep(1_000).catch(() => {});
  await op[Symbol.asyncDispose]();
  equal(op.context.status, "cancelled");
});

console.log(`${passed} passed, ${failed} failed`);
if (failed > 0) throw new Error(`${failed} failed`);

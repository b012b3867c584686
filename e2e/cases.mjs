// What the built packages promise on every host, as cases without a test runner, which not every host
// has. Each runs on every backend.
import * as cancelable from "@hother/cancelable";

const {
  all,
  any,
  Cancellable,
  CancelScope,
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
  Semaphore,
  setReporter,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  TimeoutCancellation,
  waitFor,
  withTimeout,
} = cancelable;

/** @typedef {{ title: string, body: () => unknown, ambient: boolean }} Case */

/** @type {Case[]} */
export const cases = [];

function add(title, body) {
  cases.push({ title, body, ambient: false });
}

/** Where the ambient operation has to outlive an `await`. */
function addAmbient(title, body) {
  cases.push({ title, body, ambient: true });
}

function equal(actual, expected) {
  const [a, b] = [actual, expected].map((value) => JSON.stringify(value));
  if (a !== b) throw new Error(`expected ${b}, got ${a}`);
}

add("a token is cancelled once, with reason and message", () => {
  const token = new CancellationToken();
  equal([token.cancel("shutdown", "bye"), token.cancel()], [true, false]);
  equal([token.reason, token.message, token.signal.aborted], ["shutdown", "bye", true]);
});
add("a linked token follows", () => {
  const a = new CancellationToken();
  const b = new LinkedCancellationToken();
  b.link(a);
  a.cancel();
  equal(b.reason, "parent");
});
add("moveOnAfter gives undefined", async () => equal(await moveOnAfter(10, () => sleepForever()), undefined));
add("moveOnAfter gives the value", async () => equal(await moveOnAfter(1_000, async () => 5), 5));
add("failAfter rejects with a timeout", async () => {
  const error = await failAfter(5, () => sleepForever()).catch((e) => e);
  equal([error instanceof TimeoutCancellation, error.name, error.code], [true, "TimeoutError", "ABORT_ERR"]);
});
add("withTimeout of a promise", async () => {
  const error = await withTimeout(5, new Promise(() => {})).catch((e) => e);
  equal(isCancellation(error), true);
});
add("the ambient operation is right in the synchronous part", async () => {
  const op = new Cancellable();
  await op.run(() => equal(currentOperation() === op, true));
});
addAmbient("the ambient operation follows await and timers", async () => {
  const op = new Cancellable();
  await op.run(async () => {
    await sleep(1);
    equal(currentOperation() === op, true);
    await new Promise((resolve) => setTimeout(resolve, 1));
    equal(currentOperation() === op, true);
  });
});
add("an operation settles as cancelled", async () => {
  const outcome = await Cancellable.withTimeout(5).settle((op) => op.sleep(1_000));
  equal([outcome.status, outcome.error.reason], ["cancelled", "timeout"]);
});
add("cancelling reaches children", async () => {
  const parent = new Cancellable();
  await parent.settle(async () => {
    const ended = new Cancellable().settle(() => sleepForever());
    parent.cancel();
    equal((await ended).error.reason, "parent");
  });
});
add("a shield keeps cancellation out", async () => {
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
add("a group rejects with the first failure", async () => {
  const error = await taskGroup(async (group) => {
    group.startSoon(() => Promise.reject(new RangeError("first")));
    await sleepForever();
  }).catch((e) => e);
  equal([error.name, error.message], ["RangeError", "first"]);
});
add("group.start waits for started", async () => {
  await taskGroup(async (group) => {
    equal(await group.start(async (started) => started(80)), 80);
  });
});
add("all", async () => equal(await all([async () => 1, Promise.resolve(2)]), [1, 2]));
add("race", async () => equal(await race([() => sleepForever(), async () => "fast"]), "fast"));
add("any", async () => equal(await any([() => Promise.reject(new Error("x")), async () => 3]), 3));
add("map with concurrency", async () =>
  equal(await map([1, 2, 3], async (n) => n * 2, { concurrency: 2 }), [2, 4, 6]),
);
add("deadlines", async () => {
  await moveOnAfter(1_000, () => equal(currentDeadline() > 0, true));
});
add("waitFor", async () => equal(await waitFor(() => Promise.resolve("w")), "w"));
add("checkpoint", async () => {
  for (let i = 0; i < 100; i++) await checkpoint();
  equal(await moveOnAfter(0, () => checkpoint().then(() => "passed")), undefined);
});
add("a lock", async () => {
  const lock = new Lock();
  const lease = await lock.acquire();
  equal(lock.isLocked, true);
  lease[Symbol.dispose]();
  equal(lock.isLocked, false);
});
add("a semaphore", async () => {
  const semaphore = new Semaphore(1);
  await semaphore.run(() => equal(semaphore.value, 0));
  equal(semaphore.value, 1);
});
add("a limiter", async () => {
  const limiter = new CapacityLimiter(2);
  await limiter.run(() => equal(limiter.available, 1));
});
add("an event", async () => {
  const event = new Event();
  await taskGroup((group) => {
    group.startSoon(() => event.wait());
    group.startSoon(async () => event.set());
  });
});
add("a condition", async () => {
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
add("a queue", async () => {
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
add("any-of with a timeout", async () => {
  const op = Cancellable.anyOf(
    Cancellable.withTimeout(5),
    Cancellable.withCondition(() => false),
  );
  equal((await op.settle(() => sleepForever())).error.reason, "timeout");
});
add("an AbortSignal cancels", async () => {
  const controller = new AbortController();
  const ended = Cancellable.withAbortSignal(controller.signal).settle(() => sleepForever());
  controller.abort(new Error("gone"));
  equal((await ended).error.message, "gone");
});
add("the handle form", async () => {
  const op = Cancellable.withTimeout(5).start();
  await op.sleep(1_000).catch(() => {});
  await op[Symbol.asyncDispose]();
  equal(op.context.status, "cancelled");
});

add("a token made from a signal", () => {
  const controller = new AbortController();
  const token = CancellationToken.from(controller.signal);
  controller.abort();
  equal([token.isCancelled, token.reason], [true, "manual"]);
});
add("onCancel is called once, and not after its disposal", () => {
  const token = new CancellationToken();
  let calls = 0;
  token.onCancel(() => calls++);
  token.onCancel(() => calls++)[Symbol.dispose]();
  token.cancel();
  token.cancel();
  equal(calls, 1);
});
add("waitForCancel", async () => {
  const token = new CancellationToken();
  setTimeout(() => token.cancel(), 1);
  await token.waitForCancel();
  equal(token.isCancelled, true);
});
add("a cancelled operation never starts its body", async () => {
  const token = new CancellationToken();
  token.cancel("shutdown");
  let called = false;
  const outcome = await Cancellable.withToken(token).settle(() => {
    called = true;
  });
  equal([outcome.status, called], ["cancelled", false]);
});
add("a value wins over a cancellation", async () => {
  const op = new Cancellable();
  equal(
    await op.run(() => {
      op.cancel();
      return 7;
    }),
    7,
  );
  equal([op.status, op.context.cancelReason], ["completed", "manual"]);
});
add("a failure is the body's own error", async () => {
  const outcome = await new Cancellable().settle(() => Promise.reject(new RangeError("mine")));
  equal([outcome.status, outcome.error.message], ["failed", "mine"]);
});
add("callbacks are called in order and waited for", async () => {
  const order = [];
  await new Cancellable()
    .onStart(() => order.push("start"))
    .onComplete(async () => {
      await Promise.resolve();
      order.push("complete");
    })
    .run(() => order.push("body"));
  equal(order, ["start", "body", "complete"]);
});
add("progress bubbles up", async () => {
  const seen = [];
  const outer = new Cancellable().onProgress((_id, progress) => seen.push(progress));
  await outer.run(() => new Cancellable({ parent: outer }).run((op) => op.reportProgress("half")));
  equal(seen, ["half"]);
});
add("an outer cancellation passes through moveOnAfter", async () => {
  const op = Cancellable.withTimeout(5);
  const outcome = await op.settle(() => moveOnAfter(10_000, () => op.sleep(20_000)));
  equal([outcome.status, outcome.error.reason], ["cancelled", "timeout"]);
});
add("a cancelled scope throws at every checkpoint", async () => {
  const scope = new CancelScope();
  let thrown = 0;
  await scope.run(async () => {
    scope.cancel();
    for (let i = 0; i < 3; i++) await scope.sleep(1).catch(() => thrown++);
  });
  equal(thrown, 3);
});
add("a deadline can be moved", async () => {
  const scope = new CancelScope({ timeout: 60_000 });
  await scope.run(async () => {
    scope.timeout = undefined;
    scope.cancel("manual", "enough");
    await scope.sleep(1_000);
  });
  equal([scope.cancelCalled, scope.cancelledCaught], [true, true]);
});
add("grace bounds the wait for a body that does not listen", async () => {
  const outcome = await new Cancellable({ grace: 5 }).settle((op) => {
    op.cancel();
    return new Promise(() => {});
  });
  equal([outcome.status, outcome.abandoned], ["cancelled", true]);
});
add("a failed child cancels its siblings", async () => {
  let stopped = false;
  await taskGroup((group) => {
    group.startSoon(async () => {
      try {
        await sleepForever();
      } finally {
        stopped = true;
      }
    });
    group.startSoon(() => Promise.reject(new Error("down")));
  }).catch(() => {});
  equal(stopped, true);
});
add("failures can be collected", async () => {
  const error = await taskGroup(
    (group) => {
      group.startSoon(() => Promise.reject(new Error("only one")));
    },
    { failures: "collect" },
  ).catch((e) => e);
  equal([error instanceof AggregateError, error.errors.length], [true, 1]);
});
add("a rendezvous queue hands over", async () => {
  const queue = new Queue(0);
  await taskGroup(async (group) => {
    group.startSoon(() => queue.put("item"));
    equal(await queue.get(), "item");
  });
});
add("a cancelled waiter loses no item", async () => {
  const queue = new Queue(1);
  await moveOnAfter(5, () => queue.get());
  queue.putNowait("kept");
  equal(queue.getNowait(), "kept");
});
add("all-of waits for the last", async () => {
  const op = Cancellable.allOf(Cancellable.withTimeout(2), Cancellable.withTimeout(6));
  equal((await op.settle(() => sleepForever())).error.reason, "timeout");
});
add("errors of nobody go to the reporter", async () => {
  const reported = [];
  const before = setReporter((error) => reported.push(error.message));
  try {
    const token = new CancellationToken();
    token.onCancel(() => {
      throw new Error("callback");
    });
    token.cancel();
  } finally {
    setReporter(before);
  }
  equal(reported, ["callback"]);
});
add("wrong arguments are named", async () => {
  const error = await sleep("soon").catch((e) => e);
  equal([error instanceof TypeError, error.message.startsWith("span must be")], [true, true]);
});

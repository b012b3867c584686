/** The bridge to Effect, in both directions: interruption and cancellation. */
import assert from "node:assert/strict";
import { Cancellable, moveOnAfter, sleep, taskGroup } from "@hother/cancelable";
import {
  fromAsyncIterable,
  fromCancellable,
  toAsyncIterable,
  toCancellable,
} from "@hother/cancelable-backends/effect";
import { Effect, Fiber, Stream } from "effect";

/** @import { Scenario, World } from "../types.mjs" */

const times = 25;
let [begun, cleaned] = [0, 0];

const body = async () => {
  begun += 1;
  try {
    await sleep(60_000);
  } finally {
    cleaned += 1;
  }
};
const effect = Effect.suspend(() => {
  begun += 1;
  return Effect.ensuring(
    Effect.never,
    Effect.sync(() => (cleaned += 1)),
  );
});
async function* silent() {
  yield 1;
  await body();
}

const kinds = [
  async function interrupted(/** @type {World} */ { random }) {
    const op = Cancellable.withTimeout(60_000);
    const pause = random.integer(1, 3);
    await Effect.runPromise(
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(fromCancellable(op, body), { startImmediately: true });
        yield* Effect.sleep(pause);
        yield* Fiber.interrupt(fiber);
      }),
    );
    assert.deepEqual([op.status, op.error?.reason], ["cancelled", "parent"]);
  },
  async function timedOut() {
    const reason = await Effect.runPromise(
      Effect.catch(fromCancellable(Cancellable.withTimeout(1), body), (error) =>
        Effect.succeed(error.reason),
      ),
    );
    assert.equal(reason, "timeout");
  },
  async function cancelled() {
    assert.equal(await moveOnAfter(1, () => toCancellable(effect)), undefined);
    assert.equal(await toCancellable(Effect.succeed(42)), 42);
  },
  async function children() {
    await Effect.runPromise(
      Effect.promise(() =>
        taskGroup(async (group) => {
          for (let child = 0; child < 3; child += 1) group.startSoon(body);
          await sleep(1);
          group.cancel();
        }),
      ),
    );
  },
  async function streamed() {
    const taken = await Effect.runPromise(Stream.runCollect(Stream.take(fromAsyncIterable(silent), 1)));
    assert.equal(taken.length, 1);
    const outcome = await Cancellable.withTimeout(2).settle(async () => {
      for await (const _ of toAsyncIterable(Stream.concat(Stream.make(1, 2), Stream.fromEffect(effect))));
    });
    assert.equal(outcome.status, "cancelled");
  },
];

/** @type {Scenario} */
export default {
  name: "Effect",
  async round(world) {
    const all = world.random.shuffle(kinds.flatMap((kind) => Array.from({ length: times }, () => kind)));
    await Promise.all(all.map((kind) => kind(world)));
    assert.equal(cleaned, begun, "clean-ups of started bodies");
    return all.length;
  },
};

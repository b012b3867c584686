/** The bridge to Effection, in both directions: halts and cancellation. */
import assert from "node:assert/strict";
import { Cancellable, moveOnAfter, sleep, taskGroup } from "@hother/cancelable";
import {
  fromAsyncIterable,
  fromCancellable,
  toAsyncIterable,
  toCancellable,
} from "@hother/cancelable-backends/effection";
import { call, each, ensure, sleep as pause, run, spawn, stream, suspend } from "effection";

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
function* operation() {
  begun += 1;
  yield* ensure(() => {
    cleaned += 1;
  });
  yield* suspend();
}
async function* silent() {
  yield 1;
  await body();
}

const kinds = [
  async function halted(/** @type {World} */ { random }) {
    const op = Cancellable.withTimeout(60_000);
    const ms = random.integer(1, 3);
    await run(function* () {
      const task = yield* spawn(() => fromCancellable(op, body));
      yield* pause(ms);
      yield* task.halt();
    });
    assert.deepEqual([op.status, op.error?.reason], ["cancelled", "parent"]);
  },
  async function timedOut() {
    const error = await run(() => fromCancellable(Cancellable.withTimeout(1), body)).catch(
      (thrown) => thrown,
    );
    assert.equal(error.reason, "timeout");
  },
  async function cancelled() {
    assert.equal(await moveOnAfter(1, () => toCancellable(operation)), undefined);
  },
  async function children() {
    await run(() =>
      call(() =>
        taskGroup(async (group) => {
          for (let child = 0; child < 3; child += 1) group.startSoon(body);
          await sleep(1);
          group.cancel();
        }),
      ),
    );
  },
  async function streamed() {
    let seen = 0;
    await run(function* () {
      for (const _ of yield* each(fromAsyncIterable(silent))) {
        seen += 1;
        break;
      }
    });
    assert.equal(seen, 1);
    const outcome = await Cancellable.withTimeout(2).settle(async () => {
      for await (const _ of toAsyncIterable(stream(silent())));
    });
    assert.equal(outcome.status, "cancelled");
  },
];

/** @type {Scenario} */
export default {
  name: "Effection",
  async round(world) {
    const all = world.random.shuffle(kinds.flatMap((kind) => Array.from({ length: times }, () => kind)));
    await Promise.all(all.map((kind) => kind(world)));
    assert.equal(cleaned, begun, "clean-ups of started bodies");
    return all.length;
  },
};

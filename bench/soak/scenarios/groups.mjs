/** Task groups with failing children, shields, retries, and moved deadlines. */
import assert from "node:assert/strict";
import {
  CancelScope,
  cancellable,
  failAfter,
  map,
  moveOnAfter,
  race,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "@hother/cancelable";
import { PlannedFailure } from "../planned.mjs";

/** @import { Scenario, World } from "../types.mjs" */

/** How often each kind runs in a round. All kinds run concurrently. */
const times = 20;

const failure = (/** @type {unknown} */ error) => error;

const kinds = [
  async function failingChildren(/** @type {World} */ { random }) {
    const count = random.integer(2, 10);
    const failing = random.integer(1, count);
    let ended = 0;
    const error = await taskGroup((group) => {
      for (let child = 1; child <= count; child += 1) {
        group.startSoon(async () => {
          try {
            await sleep(child === failing ? 1 : 60_000);
            throw new PlannedFailure();
          } finally {
            ended += 1;
          }
        });
      }
    }).catch(failure);
    assert.ok(error instanceof PlannedFailure);
    assert.equal(ended, count, "ended children");
  },
  async function collectedFailures(/** @type {World} */ { random }) {
    const count = random.integer(1, 5);
    const error = await taskGroup(
      (group) => {
        for (let child = 0; child < count; child += 1) {
          group.startSoon(() => shield(() => sleep(1)).then(() => Promise.reject(new PlannedFailure())));
        }
      },
      { failures: "collect" },
    ).catch(failure);
    assert.equal(/** @type {AggregateError} */ (error).errors.length, count);
  },
  async function startedChild() {
    const value = await taskGroup(async (group) => {
      const ready = await group.start(async (started) => {
        await sleep(1);
        started(7);
        await sleepForever();
      });
      const lost = group.startSoon(sleepForever);
      assert.equal(lost.cancel(), true);
      await lost.wait();
      group.cancel();
      return ready;
    });
    assert.equal(value, 7);
  },
  async function shieldedCleanUp() {
    let [cleaned, after] = [0, 0];
    await moveOnAfter(1, async () => {
      try {
        await sleepForever();
      } finally {
        await shield(() => sleep(2).then(() => (cleaned += 1)), { timeout: 60_000 });
        await sleep(0);
        after += 1;
      }
    });
    assert.deepEqual([cleaned, after], [1, 0]);
  },
  async function retries() {
    let tries = 0;
    const attempt = cancellable({ timeout: 60_000 }, async () => {
      tries += 1;
      await failAfter(1, () => (tries < 3 ? sleepForever() : "done"));
      return tries;
    });
    for (;;) {
      const result = await attempt().catch(failure);
      if (result === 3) return;
      assert.equal(/** @type {Error} */ (result).name, "TimeoutError");
      await sleep(tries);
    }
  },
  async function movedDeadlines() {
    const scope = new CancelScope({ timeout: 3 });
    const value = await scope.run(async () => {
      for (let i = 0; i < 3; i += 1) {
        scope.deadline += 60_000;
        await sleep(2);
      }
      scope.deadline = 0;
      await sleepForever();
    });
    assert.equal(value, undefined);
    assert.equal(scope.cancelledCaught, true);
  },
  async function raceAndMap() {
    assert.equal(await race([() => sleep(1).then(() => "first"), sleepForever]), "first");
    const error = await map(
      [1, 2, 3, 4],
      (n) => (n === 3 ? Promise.reject(new PlannedFailure()) : sleep(n)),
      {
        concurrency: 2,
      },
    ).catch(failure);
    assert.ok(error instanceof PlannedFailure);
  },
];

/** @type {Scenario} */
export default {
  name: "groups and limits",
  async round(world) {
    const all = world.random.shuffle(kinds.flatMap((kind) => Array.from({ length: times }, () => kind)));
    await Promise.all(all.map((kind) => kind(world)));
    return all.length;
  },
};

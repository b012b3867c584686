/** 10,000 cancellations one after the other, each in a randomly chosen way. */
import assert from "node:assert/strict";
import { Cancellable, CancellationToken, CancelScope, sleep } from "@hother/cancelable";

/** @import { Scenario, World } from "../types.mjs" */

const count = 10_000;
const minute = 60_000;

/** Each function cancels one operation or scope and resolves with whether it ended as cancelled. */
const ways = [
  async function byItself() {
    const op = Cancellable.withTimeout(minute);
    const { status } = await op.settle(() => {
      op.cancel("manual", "enough");
      return sleep(minute);
    });
    return status === "cancelled";
  },
  async function whileItSleeps() {
    const op = new Cancellable();
    const ended = op.settle(() => sleep(minute));
    op.cancel("shutdown");
    return (await ended).status === "cancelled";
  },
  async function beforeItStarts() {
    const op = Cancellable.withTimeout(0);
    return (
      (await op.settle(() => assert.fail("the body of an expired operation started"))).status === "cancelled"
    );
  },
  async function fromAbove() {
    const outer = new Cancellable();
    const { status } = await outer.settle(async () => {
      const inner = new Cancellable().settle(() => sleep(minute));
      outer.cancel();
      assert.equal((await inner).status, "cancelled");
      await sleep(minute);
    });
    return status === "cancelled";
  },
  async function byItsToken(/** @type {World} */ { signal }) {
    const token = new CancellationToken();
    const op = Cancellable.anyOf(token, signal);
    const ended = op.settle(() => op.sleep(minute));
    token.cancel("disconnect");
    const outcome = await ended;
    return outcome.status === "cancelled" && outcome.error.reason === "disconnect";
  },
  async function throughItsSignal(/** @type {World} */ { token }) {
    const op = Cancellable.withToken(token);
    const ended = op.settle(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        }),
    );
    op.cancel();
    return (await ended).status === "cancelled";
  },
  async function asPlainScope() {
    const scope = new CancelScope({ timeout: minute });
    const ended = scope.run(() => sleep(minute));
    scope.cancel();
    await ended;
    return scope.cancelledCaught;
  },
];

/** @type {Scenario} */
export default {
  name: "cancellations in sequence",
  async round(world) {
    for (let i = 0; i < count; i += 1) {
      const way = world.random.pick(ways);
      assert.equal(await way(world), true, `${way.name} was not cancelled`);
    }
    return count;
  },
};

/** Operating-system signals: handlers are added and removed, and the process sends signals to itself. */
import assert from "node:assert/strict";
import { Cancellable, SignalReceiver, sleep } from "@hother/cancelable";
import { signalListeners } from "../resources.mjs";

/** @import { Scenario } from "../types.mjs" */

const [stops, fires] = [50, 10];

/** @type {Scenario} */
export default {
  name: "signals",
  async round({ random }) {
    for (let i = 0; i < stops; i += 1) {
      await Cancellable.withSignal("SIGUSR2", "SIGINT", "SIGTERM").run(() => {
        // One handler per signal, however many operations listen.
        assert.equal(signalListeners(), 3);
        return Cancellable.withSignal().run(() => sleep(0));
      });
      assert.equal(signalListeners(), 0);
    }
    for (let i = 0; i < fires; i += 1) {
      const listening = Array.from({ length: random.integer(1, 5) }, () => Cancellable.withSignal("SIGUSR2"));
      const endings = listening.map((op) => op.settle(() => sleep(60_000)));
      process.kill(process.pid, "SIGUSR2");
      for (const outcome of await Promise.all(endings)) {
        assert.equal(outcome.status, "cancelled");
        assert.equal(/** @type {any} */ (outcome).error.signal, "SIGUSR2");
      }
      const receiver = new SignalReceiver("SIGUSR2");
      process.kill(process.pid, "SIGUSR2");
      assert.equal((await receiver.next()).value, "SIGUSR2");
      receiver[Symbol.dispose]();
      assert.equal(signalListeners(), 0);
    }
    return stops * 2 + fires * 2;
  },
};

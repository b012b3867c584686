/** Every kind of cancellation source, stopped before it fires, and left until it fires. */
import assert from "node:assert/strict";
import { Cancellable, CancellationToken, ResourceSource, sleep, TimeoutSource } from "@hother/cancelable";

/** @import { Scenario, World } from "../types.mjs" */
/** @typedef {{ name: string, quiet: (world: World) => Cancellable, firing: (world: World) => Cancellable, reason: string }} Kind */

const minute = 60_000;
/** Per round: how often each kind is stopped before it fires, and how often it fires. */
const [stops, fires] = [40, 10];

const later = (/** @type {() => void} */ fire) => void setTimeout(fire, 1);
const firingToken = () => {
  const token = new CancellationToken();
  later(() => token.cancel("shutdown"));
  return token;
};
const firingSignal = () => {
  const controller = new AbortController();
  later(() => controller.abort());
  return controller.signal;
};
const atThird = (/** @type {boolean} */ isAsync) => {
  let checks = 0;
  const check = () => (checks += 1) === 3;
  return isAsync ? async () => check() : check;
};
const never = { memory: 100, cpu: 100, disk: 100, eventLoopDelay: minute };
/** Readings of a machine that is busy from the second reading on. */
const busy = () => {
  let checks = 0;
  const measure = async () => ((checks += 1) > 1 ? 99 : 1);
  return { memory: measure, cpu: measure, disk: measure, eventLoopDelay: measure };
};

/** @type {Kind[]} */
const kinds = [
  {
    name: "timeout",
    quiet: () => Cancellable.withTimeout(minute),
    firing: ({ random }) => Cancellable.withTimeout(random.integer(1, 3)),
    reason: "timeout",
  },
  {
    name: "deadline",
    quiet: () => Cancellable.withDeadline(Date.now() + minute),
    firing: ({ random }) => Cancellable.withDeadline(new Date(Date.now() + random.integer(1, 3))),
    reason: "timeout",
  },
  {
    name: "token",
    quiet: ({ token }) => Cancellable.withToken(token),
    firing: () => Cancellable.withToken(firingToken()),
    reason: "shutdown",
  },
  {
    name: "AbortSignal",
    quiet: ({ signal }) => Cancellable.withAbortSignal(signal),
    firing: () => Cancellable.withAbortSignal(firingSignal()),
    reason: "manual",
  },
  {
    name: "condition",
    quiet: () => Cancellable.withCondition(() => false, { interval: 1 }),
    firing: ({ random }) => Cancellable.withCondition(atThird(random.chance(0.5)), { interval: 1 }),
    reason: "condition",
  },
  {
    name: "resources",
    quiet: () => Cancellable.withResources(never, { interval: 1 }),
    firing: () => Cancellable.withResources({ memory: 90, cpu: 98 }, { interval: 1, reader: busy() }),
    reason: "condition",
  },
  {
    name: "any of",
    quiet: ({ token, signal }) => Cancellable.anyOf(token, signal, Cancellable.withTimeout(minute)),
    firing: ({ token, signal }) => Cancellable.anyOf(token, signal, new TimeoutSource(minute), firingToken()),
    reason: "shutdown",
  },
  {
    name: "all of",
    quiet: ({ token }) => Cancellable.allOf(token, new TimeoutSource(1), new ResourceSource(never)),
    firing: () =>
      Cancellable.allOf(
        new TimeoutSource(0.5),
        Cancellable.withCondition(() => true),
        new TimeoutSource(3),
      ),
    reason: "timeout",
  },
  {
    name: "combined",
    quiet: ({ token, signal }) => Cancellable.withToken(token).combine(Cancellable.withAbortSignal(signal)),
    firing: ({ signal }) => Cancellable.withAbortSignal(signal).combine(Cancellable.withTimeout(2)),
    reason: "timeout",
  },
];

/** @type {Scenario} */
export default {
  name: "sources",
  async round(world) {
    const { random } = world;
    for (const kind of random.shuffle(kinds)) {
      const quiet = Array.from({ length: stops }, () => {
        const pause = random.integer(0, 4);
        return kind.quiet(world).run(() => (pause === 0 ? undefined : sleep(pause)));
      });
      const firing = Array.from({ length: fires }, () => kind.firing(world).settle(() => sleep(minute)));
      await Promise.all(quiet);
      for (const outcome of await Promise.all(firing)) {
        assert.equal(outcome.status, "cancelled", `${kind.name}: the status`);
        assert.equal(/** @type {any} */ (outcome).error.reason, kind.reason, `${kind.name}: the reason`);
      }
    }
    return kinds.length * (stops + fires);
  },
};

import { expect } from "vitest";
import { hedge, latest, singleFlight } from "../../src/calls/index.ts";
import {
  all,
  any,
  asCompleted,
  type CancelScope,
  isCancellation,
  map,
  mapSettled,
  mapStream,
  moveOnAfter,
  race,
  retry,
  run,
  shield,
  sleep,
  sleepForever,
  waitFor,
} from "../../src/index.ts";
import { liveScopes } from "../../src/inspect/index.ts";
import { expectNoLeaks, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { until } from "../until.ts";

type Fn = () => unknown;

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

/** Every verb that calls a function of the user, with one call of the function. */
const verbs: Readonly<Record<string, (fn: Fn) => Promise<unknown>>> = {
  all: (fn) => all([fn]),
  any: (fn) => any([fn]),
  asCompleted: (fn) => drain(asCompleted([fn])),
  hedge: (fn) => hedge(fn, { after: 60_000 }),
  latest: (fn) => latest(fn)(),
  map: (fn) => map([1], fn),
  mapSettled: (fn) => mapSettled([1], fn),
  mapStream: (fn) => drain(mapStream([1], fn)),
  race: (fn) => race([fn]),
  retry: (fn) => retry(fn),
  singleFlight: (fn) => singleFlight(fn, { key: () => "key" })(),
  waitFor: (fn) => waitFor(fn),
};

describeEverywhere("the rules of the verbs", (everywhere) => {
  for (const [name, verb] of Object.entries(verbs)) {
    everywhere(`${name} in a cancelled scope throws its error and calls nothing (rule 41)`, async () => {
      let calls = 0;
      await moveOnAfter(null, async (scope) => {
        scope.cancel();
        expect(await rejection(verb(() => void calls++))).toBe(scope.error);
      });
      expect(calls).toBe(0);
    });

    // `waitFor` leaves foreign work running, and a cancelled caller leaves a shared run at once.
    if (name !== "waitFor" && name !== "singleFlight")
      everywhere(`the function of ${name} has cleaned up when the verb has ended (rule 42)`, async () => {
        const steps: string[] = [];
        const work = async (scope: CancelScope): Promise<void> => {
          try {
            const waiting = sleepForever();
            scope.cancel();
            await waiting;
          } finally {
            await shield(() => sleep(5));
            steps.push("cleaned up");
          }
        };
        await expectNoLeaks(async () => {
          await moveOnAfter(null, async (scope) => {
            await rejection(verb(() => work(scope)));
            steps.push("ended");
          });
        });
        expect(steps).toEqual(["cleaned up", "ended"]);
      });
  }

  everywhere(
    "a function that decides ends its verb, and a function that watches is reported (rule 43)",
    async (t) => {
      const fail = (): never => {
        throw new Error("no");
      };
      const broken = (): never => {
        throw new RangeError("broken");
      };
      expect(await rejection(retry(fail, { when: broken, backoff: { initial: 1 } }))).toBeInstanceOf(
        RangeError,
      );
      t.reported.splice(0);
      expect(await rejection(retry(fail, { onRetry: broken, attempts: 2, backoff: { initial: 1 } }))).toEqual(
        new Error("no"),
      );
      expect(t.reported.splice(0)).toEqual([new RangeError("broken")]);
    },
  );

  everywhere("a cancellation is neither retried nor collected (rule 45)", async () => {
    const asked: unknown[] = [];
    const when = (error: unknown): boolean => asked.push(error) > 0;
    for (const verb of [
      () => retry(() => sleepForever(), { when }),
      () => hedge(() => sleepForever(), { after: 60_000, when }),
      () => mapSettled([1, 2], () => sleepForever()),
    ]) {
      await moveOnAfter(5, async (scope) => {
        expect(await rejection(verb())).toBe(scope.error);
      });
    }
    expect(asked).toEqual([]);
  });

  everywhere("a verb rejects with the error itself (rule 45)", async () => {
    const error = new Error("itself");
    const fail = (): never => {
      throw error;
    };
    for (const verb of [
      () => retry(fail, { attempts: 2, backoff: { initial: 1 } }),
      () => hedge(fail, { after: 1 }),
      () => map([1], fail),
      () => all([fail]),
      () => race([fail]),
      () => drain(mapStream([1], fail)),
    ])
      expect(await rejection(verb())).toBe(error);
  });

  everywhere("losers are cancelled as superseded, and have ended (rule 46)", async () => {
    const winner = (): number => 1;
    for (const compete of [
      (loser: () => Promise<never>) => race([loser, winner]),
      (loser: () => Promise<never>) => any([loser, winner]),
      (loser: () => Promise<never>) =>
        hedge(({ attempt }) => (attempt === 1 ? loser() : winner()), { after: 1 }),
    ]) {
      const reasons: unknown[] = [];
      const loser = async (): Promise<never> => {
        try {
          return await sleepForever();
        } catch (error) {
          await shield(() => sleep(1));
          reasons.push(isCancellation(error) && error.reason);
          throw error;
        }
      };
      expect(await compete(loser)).toBe(1);
      expect(reasons).toEqual(["superseded"]);
    }
  });
});

inVirtualTime("one seed gives one list of random times (rule 44)", async () => {
  const times = (seed: number): Promise<number[]> => {
    const backend = new VirtualBackend({ seed });
    return run(
      async () => {
        const begun: number[] = [];
        const attempt = (): never => {
          begun.push(backend.now());
          throw new Error("busy");
        };
        await rejection(retry(attempt, { attempts: 5 }));
        return begun;
      },
      { backend },
    );
  };
  expect(await times(7)).toEqual(await times(7));
  expect(await times(7)).not.toEqual(await times(8));
});

describeEverywhere("the name of a task in messages", (everywhere) => {
  everywhere("is that of the user's function in every verb", async () => {
    async function load(): Promise<void> {
      await sleepForever();
    }
    const found: string[] = [];
    for (const verb of [
      () => map([1], load),
      () => drain(mapStream([1], load)),
      () => all([load]),
      () => race([load, load]),
      () => hedge(load, { after: 60_000 }),
    ]) {
      await moveOnAfter(null, async (scope) => {
        const isThere = (): boolean =>
          liveScopes(scope).some(({ kind, name }) => kind === "task" && name === "load");
        const running = verb();
        await until(isThere);
        found.push("load");
        scope.cancel();
        await running;
      });
    }
    expect(found).toHaveLength(5);
  });
});

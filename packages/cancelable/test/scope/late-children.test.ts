import { expect } from "vitest";
import {
  Cancellable,
  CancelScope,
  moveOnAfter,
  run,
  shield,
  sleep,
  sleepForever,
  taskGroup,
} from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

/** Ways to run a body in a scope that waits for everything that the body has started. */
const regions: Readonly<Record<string, (body: () => Promise<void>) => Promise<unknown>>> = {
  "a scope": (body) => new CancelScope().run(body),
  "an operation": (body) => new Cancellable().run(body),
  "an operation with a grace": (body) => new Cancellable({ grace: 10_000 }).run(body),
  "a shield": (body) => shield(body),
  "a task": (body) => taskGroup((group) => void group.startSoon(body)),
  "a group": (body) => taskGroup(body),
  run: (body) => run(body),
  "a scope that fails": (body) => rejection(new CancelScope().run(() => body().then(fail))),
  "an operation that fails": (body) => rejection(new Cancellable().run(() => body().then(fail))),
  "a task that fails": (body) =>
    rejection(taskGroup((group) => void group.startSoon(() => body().then(fail)))),
};

function fail(): never {
  throw new Error("the body fails");
}

describeEverywhere("the scopes that were opened in a scope (rule 32)", (everywhere) => {
  everywhere("a scope waits for operations that the body left running", async () => {
    const order: string[] = [];
    await new Cancellable().run(async () => {
      void new Cancellable().run(async () => {
        await sleep(10);
        order.push("left");
      });
    });
    order.push("ended");
    expect(order).toEqual(["left", "ended"]);
  });

  everywhere("a scope whose body failed cancels what the body left running", async () => {
    const order: string[] = [];
    await rejection(
      new Cancellable().run(async () => {
        const left = new Cancellable().settle(() => sleepForever());
        void left.then((outcome) => order.push(outcome.status));
        await sleep(1);
        throw new Error("body");
      }),
    );
    order.push("ended");
    expect(order).toEqual(["cancelled", "ended"]);
  });

  everywhere("a scope waits for groups that the body left running", async () => {
    const order: string[] = [];
    await moveOnAfter(60_000, () => {
      void taskGroup(async (group) => {
        group.startSoon(() => sleep(5).then(() => order.push("child")));
      });
    });
    order.push("ended");
    expect(order).toEqual(["child", "ended"]);
  });
});

describeEverywhere("a child that starts while its scope ends (rule 32)", (everywhere) => {
  for (const [name, region] of Object.entries(regions)) {
    everywhere(`${name} waits for a child that starts while it waits for another child`, async () => {
      const gate = deferred();
      void sleep(5).then(gate.resolve);
      let child = "not started";
      await region(async () => {
        void new CancelScope().run(() => gate.promise);
        const next = async (): Promise<void> => {
          await gate.promise;
          await new CancelScope().run(async () => {
            child = "running";
            try {
              await sleep(10);
            } finally {
              child = "ended";
            }
          });
        };
        // The child is cancelled in the cases in which the body fails.
        next().catch(() => {});
      });
      expect(child).toBe("ended");
    });

    // No cancellation from outside reaches into a shield.
    if (name === "a shield") continue;
    everywhere(
      `a child of ${name} that starts late is waited for and cancelled by the scope above`,
      async () => {
        for (let ticks = 0; ticks < 14; ticks++) {
          const gate = deferred();
          const outer = new CancelScope();
          let child = "not started";
          await outer.run(async () => {
            void sleep(2).then(gate.resolve);
            void sleep(4).then(() => outer.cancel());
            await region(async () => {
              void new CancelScope().run(() => gate.promise);
              const late = async (): Promise<void> => {
                await gate.promise;
                for (let i = 0; i < ticks; i++) await null;
                await new CancelScope().run(async () => {
                  child = "running";
                  try {
                    await sleepForever();
                  } finally {
                    child = "ended";
                  }
                });
              };
              // The late code runs below the region and is cancelled with its nearest open scope.
              late().catch(() => {});
            });
            await rejection(sleepForever());
          });
          expect([ticks, child]).toEqual([ticks, "ended"]);
        }
      },
    );
  }
});

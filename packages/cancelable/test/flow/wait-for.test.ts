import { expect, vi } from "vitest";
import { Cancellable, CancelScope, moveOnAfter, sleep, taskGroup, waitFor } from "../../src/index.ts";
import { deferred, describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("waitFor", (everywhere) => {
  everywhere("the value or the rejection of foreign work comes through", async () => {
    const failure = new Error("work");
    expect(await waitFor(Promise.resolve(1))).toBe(1);
    expect(await waitFor(async () => 2)).toBe(2);
    expect(await waitFor(() => 3)).toBe(3);
    expect(await rejection(waitFor(Promise.reject(failure)))).toBe(failure);
    expect(
      await rejection(
        waitFor(() => {
          throw failure;
        }),
      ),
    ).toBe(failure);
  });

  everywhere(
    "when the scope is cancelled the wait ends, and the foreign work goes on, abandoned",
    async (t) => {
      for (const late of ["value", "rejection"]) {
        const work = deferred<string>();
        expect(await moveOnAfter(5, () => waitFor(work.promise))).toBeUndefined();
        // The run fails if this is an unhandled rejection.
        if (late === "value") work.resolve("late");
        else work.reject(new Error("late"));
      }
      t.expectElapsed(10);
      await sleep(1);
    },
  );

  everywhere("in a cancelled scope the function is not called (CONF-A10)", async () => {
    const work = vi.fn(() => Promise.resolve());
    const scope = new CancelScope();
    await scope.run(async () => {
      scope.cancel();
      expect(await rejection(waitFor(work))).toBe(scope.error);
      expect(await rejection(waitFor(Promise.reject(new Error("abandoned"))))).toBe(scope.error);
    });
    expect(work).not.toHaveBeenCalled();
  });

  everywhere("a function that cancels its own scope is not waited for", async () => {
    const scope = new CancelScope();
    const work = deferred();
    await scope.run(() =>
      waitFor(() => {
        scope.cancel();
        return work.promise;
      }),
    );
    expect(scope.cancelledCaught).toBe(true);
    work.reject(new Error("late"));
    await sleep(1);
  });

  everywhere(
    "of a settlement and a cancellation in the same turn, the first decides (CONF-T06)",
    async () => {
      for (const first of ["settled", "cancelled"]) {
        const scope = new CancelScope();
        const work = deferred<string>();
        const value = await scope.run(async () => {
          const waiting = waitFor(work.promise);
          // A promise notifies its waiters one microtask after it is resolved. At that moment it has settled for the library.
          work.resolve("value");
          if (first === "settled") await work.promise;
          scope.cancel();
          return waiting;
        });
        expect(value).toBe(first === "settled" ? "value" : undefined);
      }
    },
  );

  everywhere("any thenable is accepted, and no other value", async () => {
    const thenable: PromiseLike<string> = {
      then: (onValue) => Promise.resolve("thenable").then(onValue),
    };
    expect(await waitFor(thenable)).toBe("thenable");
    for (const work of [42, undefined, null, {}]) {
      expect(await rejection(waitFor(work as never))).toMatchObject({
        name: "TypeError",
        message: expect.stringContaining("work"),
      });
    }
  });
});

describeEverywhere("several waits for one promise", (everywhere) => {
  everywhere("every waiter wakes, and a cancelled waiter disturbs no other (CONF-H05)", async () => {
    const gate = deferred<string>();
    const got: string[] = [];
    await taskGroup(async (group) => {
      const waiter = (name: string) =>
        group.startSoon(async () => void got.push(`${name} ${await waitFor(gate.promise)}`));
      waiter("first");
      const dying = waiter("second");
      waiter("third");
      await sleep(1);
      dying.cancel();
      await dying.wait();
      expect([dying.status, got]).toEqual(["cancelled", []]);
      gate.resolve("news");
    });
    expect(got).toEqual(["first news", "third news"]);
  });
});

describeEverywhere("the stack of an error of foreign work (D3)", (everywhere) => {
  everywhere("names the async function that waited for the work", async () => {
    async function failing(): Promise<void> {
      await undefined;
      throw new Error("broken");
    }
    async function loadUsers(wait: () => Promise<void>): Promise<void> {
      await wait();
    }
    const scope = new CancelScope();
    await scope.run(async () => {
      for (const wait of [
        () => waitFor(failing()),
        () => waitFor(failing),
        () => scope.waitFor(failing()),
        () => new Cancellable().run((op) => op.waitFor(failing)),
      ]) {
        const { stack } = (await rejection(loadUsers(wait))) as Error;
        expect(stack).toMatch(/failing.*\n(.*\n)*.*loadUsers/);
      }
    });
  });
});

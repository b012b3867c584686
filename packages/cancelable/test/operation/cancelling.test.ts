import { AsyncLocalStorage } from "node:async_hooks";
import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  checkpoint,
  LinkedCancellationToken,
  Lock,
  ParentCancellation,
  Queue,
  Semaphore,
  shield,
  sleep,
  sleepForever,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { describeEverywhere, rejection, stepRecorder } from "../backends.ts";

describeEverywhere("rule 7: cancel() is synchronous and happens once", (everywhere) => {
  everywhere("when it returns, everything below is cancelled and every sleeper was rejected", async () => {
    const outer = new Cancellable();
    let rejected = false;
    const running = outer.settle(async () => {
      const inner = new Cancellable();
      await inner.settle(async () => {
        const scope = new CancelScope();
        await scope.run(async () => {
          const { signal } = scope;
          const sleeping = sleepForever().catch(() => {
            rejected = true;
          });
          expect(outer.cancel("shutdown", "now")).toBe(true);
          expect([outer, inner].map((op) => op.token.isCancelled)).toEqual([true, true]);
          expect([outer.signal, inner.signal, signal].map((s) => s.aborted)).toEqual([true, true, true]);
          expect(scope.isCancelled).toBe(true);
          await sleeping;
        });
      });
    });
    await running;
    expect(rejected).toBe(true);
  });

  everywhere("later calls return false and change nothing (CONF-B02, CONF-B29)", async () => {
    const op = new Cancellable();
    await op.settle(() => {
      expect(op.cancel("shutdown", "first")).toBe(true);
      expect(op.cancel("manual", "second")).toBe(false);
    });
    expect(op.cancel("manual", "third")).toBe(false);
    expect(op.context).toMatchObject({ cancelReason: "shutdown", cancelMessage: "first" });
  });

  everywhere("everybody sees one error object", async () => {
    const op = new Cancellable();
    const seen: unknown[] = [];
    const outcome = await op.settle(async () => {
      const waits = [sleepForever(), waitFor(new Promise(() => {})), op.sleep(1_000)];
      op.cancel();
      for (const wait of waits) seen.push(await rejection(wait));
      seen.push(op.signal.reason, op.token.error);
      op.check();
    });
    expect(outcome.status).toBe("cancelled");
    if (outcome.status === "cancelled") for (const error of seen) expect(error).toBe(outcome.error);
  });

  everywhere("cycles of links end, with all cancelled (PAR-LNK-02, BUG-15, BUG-16)", () => {
    const a = new LinkedCancellationToken();
    const b = new LinkedCancellationToken();
    a.link(b);
    b.link(a);
    a.cancel("shutdown");
    expect([a.reason, b.reason]).toEqual(["shutdown", "parent"]);
  });

  everywhere("state first: a callback already finds everything cancelled (CONF-T05, BUG-14)", () => {
    const source = new CancellationToken();
    const linked = new LinkedCancellationToken();
    let seen: boolean | undefined;
    source.onCancel(() => {
      seen = linked.isCancelled;
    });
    linked.link(source);
    source.cancel();
    expect(seen).toBe(true);
  });
});

describeEverywhere("rule 8: level, not edge", (everywhere) => {
  everywhere("every further checkpoint throws again, in finally too (CONF-B03, CONF-D06)", async () => {
    const thrown: string[] = [];
    const op = new Cancellable();
    await op.settle(async () => {
      op.cancel();
      for (const wait of [() => sleep(1), () => sleep(0), checkpoint, () => waitFor(Promise.resolve())]) {
        await wait().catch((error: Error) => thrown.push(error.name));
      }
      try {
        await sleep(1);
      } finally {
        await sleep(1).catch(() => thrown.push("finally"));
        await shield(async () => {
          await sleep(1);
          thrown.push("shielded");
        });
      }
    });
    expect(thrown).toEqual(["AbortError", "AbortError", "AbortError", "AbortError", "finally", "shielded"]);
  });
});

describeEverywhere(
  "rule 9: a shield ends without throwing; the next checkpoint outside throws",
  (everywhere) => {
    everywhere("the shielded work ends, and its value comes out (PAR-CAN-20, CONF-D05)", async (t) => {
      const { step, finish } = stepRecorder();
      const outcome = await Cancellable.withTimeout(10).settle(async (op) => {
        step(1);
        const value = await shield(async () => {
          await sleep(30);
          step(2);
          return "kept";
        });
        expect(value).toBe("kept");
        expect(op.isCancelled).toBe(true);
        step(3);
        await sleep(1);
        step(-1);
      });
      finish(4);
      expect(outcome.status).toBe("cancelled");
      t.expectElapsed(30);
    });

    everywhere("a shield's own timeout still holds (CONF-C22, CONF-D07)", async (t) => {
      const error = await rejection(shield(() => sleepForever(), { timeout: 15 }));
      expect(error).toMatchObject({ reason: "timeout" });
      t.expectElapsed(15);
    });

    everywhere("op.shield has an operation of its own, with status shielded (PAR-CAN-22)", async () => {
      const op = new Cancellable();
      await op.run(() =>
        op.shield((inner) => {
          expect(inner.context).toMatchObject({
            status: "shielded",
            parentId: op.id,
            metadata: { shielded: true },
          });
          expect(inner.token).not.toBe(op.token);
        }),
      );
      expect(op.context.status).toBe("completed");
    });
  },
);

describeEverywhere("rule 10: a callback that throws stops nobody and is reported", (everywhere) => {
  everywhere("a token's callbacks (PAR-TOK-10)", (t) => {
    const token = new CancellationToken();
    const other = vi.fn();
    const error = new Error("callback");
    token.onCancel(() => {
      throw error;
    });
    token.onCancel(other);
    expect(token.cancel()).toBe(true);
    expect(other).toHaveBeenCalledOnce();
    expect(t.reported.splice(0)).toEqual([error]);
  });

  everywhere("an operation's callbacks, sync and async (PAR-CAN-15)", async (t) => {
    const op = new Cancellable()
      .onStart(() => {
        throw new Error("start");
      })
      .onProgress(() => Promise.reject(new Error("progress")))
      .onComplete(async () => {
        await sleep(1);
        throw new Error("complete");
      });
    const later = vi.fn();
    op.onComplete(later);
    await expect(
      op.run(async (self) => {
        self.reportProgress("half");
        return "fine";
      }),
    ).resolves.toBe("fine");
    expect(later).toHaveBeenCalledOnce();
    expect(t.reported.splice(0).map((error) => (error as Error).message)).toEqual([
      "start",
      "progress",
      "complete",
    ]);
  });

  everywhere("callbacks run in the async context of their registration (CONF-S04)", () => {
    const storage = new AsyncLocalStorage<string>();
    const token = new CancellationToken();
    let seen: string | undefined;
    storage.run("registrar", () =>
      token.onCancel(() => {
        seen = storage.getStore();
      }),
    );
    storage.run("canceller", () => token.cancel());
    expect(seen).toBe("registrar");
  });
});

describeEverywhere("rule 11: cancellation while waiting loses nothing", (everywhere) => {
  const cases = {
    Lock: () => {
      const lock = new Lock();
      return { take: () => lock.acquire(), free: (lease: Disposable) => lease[Symbol.dispose]() };
    },
    Semaphore: () => {
      const semaphore = new Semaphore(1);
      return { take: () => semaphore.acquire(), free: (lease: Disposable) => lease[Symbol.dispose]() };
    },
  };
  for (const [name, create] of Object.entries(cases)) {
    everywhere(`${name}: the permit goes to the next waiter, in order of arrival`, async () => {
      const { take, free } = create();
      const order: string[] = [];
      const lease = await take();
      await taskGroup(async (group) => {
        const waiter = (label: string) =>
          group.startSoon(async () => {
            const mine = await take();
            order.push(label);
            free(mine);
          });
        const first = waiter("first");
        waiter("second");
        waiter("third");
        await sleep(1);
        // Cancelled before the hand-over in the same turn: it does not get it (CONF-J05, CONF-K04).
        first.cancel();
        free(lease);
      });
      expect(order).toEqual(["second", "third"]);
    });
  }

  everywhere("Queue: the item goes to the next getter (CONF-N18)", async () => {
    const queue = new Queue<string>(0);
    const got: string[] = [];
    await taskGroup(async (group) => {
      const dying = group.startSoon(async () => void got.push(`dying ${await queue.get()}`));
      group.startSoon(async () => void got.push(`next ${await queue.get()}`));
      await sleep(1);
      dying.cancel();
      queue.putNowait("item");
    });
    expect(got).toEqual(["next item"]);
  });

  everywhere("Queue: a cancelled put has added nothing (CONF-N15)", async () => {
    const queue = new Queue<number>(1);
    queue.putNowait(1);
    await taskGroup(async (group) => {
      const putting = group.startSoon(() => queue.put(2));
      await sleep(1);
      putting.cancel();
    });
    expect([queue.getNowait(), queue.size, queue.waitingPutters]).toEqual([1, 0, 0]);
  });
});

describeEverywhere("rule 12: cancelling reaches the children and never the parent", (everywhere) => {
  everywhere("reason parent, the origin in cause (BUG-62)", async () => {
    const parent = new Cancellable();
    const outcome = await parent.settle(async () => {
      const child = new Cancellable();
      const result = child.settle(() => sleepForever());
      parent.cancel("shutdown", "deploy");
      const ended = await result;
      expect(ended).toMatchObject({
        status: "cancelled",
        error: { reason: "parent", parentReason: "shutdown", parentId: parent.id },
      });
      if (ended.status !== "cancelled") return;
      expect(ended.error).toBeInstanceOf(ParentCancellation);
      expect(ended.error.cause).toBe(parent.token.error);
    });
    expect(outcome.status).toBe("completed");
  });

  everywhere("a child's cancellation leaves parent and siblings alone (CONF-B23)", async () => {
    const parent = new Cancellable();
    await parent.run(async () => {
      const child = new Cancellable();
      const sibling = new Cancellable();
      const results = [child.settle(() => sleepForever()), sibling.settle(() => sleep(10))];
      child.cancel();
      expect((await Promise.all(results)).map((outcome) => outcome.status)).toEqual([
        "cancelled",
        "completed",
      ]);
    });
    expect(parent.context).toMatchObject({ status: "completed", cancelRequested: false });
  });

  everywhere(
    "propagate: false leaves the children alone; a later one from above reaches them (PAR-CAN-36, BUG-43)",
    async () => {
      const top = new Cancellable();
      await top.settle(async () => {
        const middle = new Cancellable();
        await middle.settle(async () => {
          const child = new Cancellable();
          const ended = child.settle(() => sleepForever());
          middle.cancel("manual", "only me", { propagate: false });
          expect([middle.isCancelled, child.isCancelled]).toEqual([true, false]);
          top.cancel();
          expect(child.isCancelled).toBe(true);
          await ended;
        });
      });
    },
  );

  everywhere(
    "propagate: false reaches the scopes of the operation itself, not what is below in them",
    async () => {
      const op = new Cancellable();
      const outcome = await op.settle(async () => {
        const scope = new CancelScope();
        await scope.run(async () => {
          const child = new Cancellable();
          const ended = child.settle(() => sleep(1));
          op.cancel("manual", "only me", { propagate: false });
          expect([scope.isCancelled, child.isCancelled]).toEqual([true, false]);
          expect(scope.error).toBe(op.error);
          expect((await ended).status).toBe("completed");
          await sleep(1);
        });
      });
      expect(outcome).toEqual({ status: "cancelled", error: op.error });
    },
  );
});

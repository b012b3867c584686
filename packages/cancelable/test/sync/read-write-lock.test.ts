import { expect } from "vitest";
import { CancelScope, select, sleep, taskGroup } from "../../src/index.ts";
import { ReadWriteLock } from "../../src/sync/index.ts";
import { describeEverywhere, inVirtualTime, rejection } from "../backends.ts";
import { expectRejects, wrong } from "../refusals.ts";
import { usage } from "../until.ts";

describeEverywhere("ReadWriteLock", (everywhere) => {
  everywhere("readers share the lock, and a writer holds it alone", async () => {
    const lock = new ReadWriteLock();
    const inside: string[] = [];
    let most = 0;
    const enter = (name: string) => async (): Promise<string> => {
      inside.push(name);
      expect(inside.length === 1 || inside.every((one) => one === "reader")).toBe(true);
      most = Math.max(most, inside.length);
      await sleep(1);
      inside.splice(inside.indexOf(name), 1);
      return name;
    };
    await taskGroup((group) => {
      for (let i = 0; i < 3; i++) {
        group.startSoon(() => lock.read(enter("reader")));
        group.startSoon(() => lock.write(enter("writer")));
        group.startSoon(() => lock.read(enter("reader")));
      }
    });
    expect([most, lock.readers, lock.isWriting, lock.waiting]).toEqual([2, 0, false, 0]);
    expect([await lock.read(enter("reader")), await lock.write(enter("writer"))]).toEqual([
      "reader",
      "writer",
    ]);
  });

  everywhere(
    "a reader behind a waiting writer waits, and neighbouring readers go in together (SYNC-09)",
    async () => {
      const lock = new ReadWriteLock();
      const r1 = await lock.acquireRead();
      expect([lock.readers, lock.isWriting]).toEqual([1, false]);
      const w = lock.acquireWrite();
      const readers = [lock.acquireRead(), lock.acquireRead()];
      expect(lock.waiting).toBe(3);
      r1.release();
      expect([lock.readers, lock.isWriting, lock.waiting]).toEqual([0, true, 2]);
      (await w).release();
      expect([lock.readers, lock.isWriting, lock.waiting]).toEqual([2, false, 0]);
      for (const reader of await Promise.all(readers)) reader.release();
      await lock.whenIdle();
    },
  );

  everywhere("readers behind a cancelled writer are in when cancel() returns (SYNC-10)", async () => {
    const lock = new ReadWriteLock();
    const r1 = await lock.acquireRead();
    const scope = new CancelScope();
    const w = rejection(lock.acquireWrite({ scope }));
    const cut = rejection(lock.acquireRead({ scope }));
    const readers = [lock.acquireRead(), lock.acquireRead()];
    expect(lock.waiting).toBe(4);
    let inListener: unknown;
    scope.signal.addEventListener("abort", () => {
      inListener = [lock.readers, lock.waiting];
    });
    scope.cancel();
    expect([lock.readers, lock.waiting, inListener]).toEqual([3, 0, [3, 0]]);
    expect([await w, await cut]).toEqual([scope.error, scope.error]);
    for (const one of [r1, ...(await Promise.all(readers))]) one.release();
    expect(lock.readers).toBe(0);
  });

  everywhere("a lease gives the lock back once", async () => {
    const lock = new ReadWriteLock();
    const [first, second] = [await lock.acquireRead(), await lock.acquireRead()];
    expect([first.release(), first.release(), lock.readers]).toEqual([true, false, 1]);
    second.release();
    {
      using _writer = await lock.acquireWrite();
      expect(lock.isWriting).toBe(true);
    }
    expect(lock.isWriting).toBe(false);
  });

  everywhere("rejectWaiters sends readers and writers away, and the holder stays (SYNC-03)", async () => {
    const lock = new ReadWriteLock();
    const held = await lock.acquireWrite();
    const waits = [lock.acquireRead(), lock.acquireWrite(), lock.acquireRead()].map(rejection);
    lock.rejectWaiters("maintenance");
    expect(await Promise.all(waits)).toEqual(["maintenance", "maintenance", "maintenance"]);
    expect([lock.isWriting, lock.waiting]).toEqual([true, 0]);
    const next = lock.acquireRead();
    held.release();
    (await next).release();
  });

  everywhere("a task that ends with a lease breaks the lock", async () => {
    for (const acquire of ["acquireRead", "acquireWrite"] as const) {
      const lock = new ReadWriteLock();
      await taskGroup(async (group) => {
        group.startSoon(async () => {
          const other = await lock.acquireRead();
          other.release();
          await lock[acquire]();
          await sleep(5);
        });
        await sleep(1);
        expect(await rejection(lock.acquireWrite())).toMatchObject(usage("ERR_BROKEN"));
      });
      expect(await rejection(lock.acquireRead())).toMatchObject(usage("ERR_BROKEN"));
      await lock.whenIdle();
    }
  });

  everywhere("a broken lock takes back leases of others, and fails a select", async () => {
    const lock = new ReadWriteLock();
    const kept = await lock.acquireRead();
    await taskGroup((group) => {
      group.startSoon(() => lock.acquireRead());
    });
    expect([kept.release(), lock.readers]).toEqual([true, 0]);
    for (const arm of [lock.reading(), lock.writing()])
      expect(await rejection(select({ arm }))).toMatchObject(usage("ERR_BROKEN"));
  });

  everywhere("a task that gave back all its leases breaks nothing", async () => {
    const lock = new ReadWriteLock();
    await taskGroup((group) => {
      group.startSoon(async () => {
        const leases = [await lock.acquireRead(), await lock.acquireRead()];
        for (const one of leases) one.release();
      });
    });
    await lock.write(() => {});
  });

  everywhere("wrong arguments are refused, and nothing stays held", async () => {
    const lock = new ReadWriteLock();
    await expectRejects("TypeError", [
      [() => lock.read(wrong(5)), "body", "a function", "5"],
      [() => lock.write(wrong({})), "body", "a function", "{}"],
      [() => lock.acquireRead(wrong(1)), "options", "an object", "1"],
    ]);
    expect(await rejection(lock.acquireWrite(wrong({ priority: 1 })))).toMatchObject({
      code: "ERR_UNKNOWN_OPTION",
    });
    expect([lock.readers, lock.isWriting]).toEqual([0, false]);
  });

  inVirtualTime("a read in a read with a writer between is reported after 5 s (SYNC-02)", async (t) => {
    const lock = new ReadWriteLock();
    await taskGroup(async (group) => {
      const stuck = group.startSoon(() => lock.read(() => sleep(1).then(() => lock.read(() => {}))));
      group.startSoon(() => rejection(lock.acquireWrite()));
      await sleep(5_000);
      expect(t.reported).toEqual([]);
      await sleep(1);
      expect(t.reported.splice(0)).toMatchObject([
        { ...usage("ERR_ALREADY_HELD"), message: expect.stringMatching(/^ReadWriteLock is already held/) },
      ]);
      expect(lock.waiting).toBe(2);
      lock.rejectWaiters("the test ends");
      expect(await rejection(stuck)).toMatchObject({ cause: "the test ends" });
    }).catch((error: unknown) => expect(error).toBe("the test ends"));
  });

  inVirtualTime(
    "an upgrade, and nothing else, is reported as a wait of a task for itself (SYNC-02)",
    async (t) => {
      const lock = new ReadWriteLock();
      await taskGroup((group) => {
        group.startSoon(() => lock.read(() => sleep(10_000)));
        group.startSoon(() => lock.write(() => sleep(10_000)));
      });
      expect(t.reported).toEqual([]);
      await taskGroup(async (group) => {
        group.startSoon(() => lock.read(() => rejection(lock.acquireWrite())));
        await sleep(6_000);
        lock.rejectWaiters("the test ends");
      });
      expect(t.reported.splice(0)).toMatchObject([usage("ERR_ALREADY_HELD")]);
    },
  );
});

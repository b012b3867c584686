import v8 from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import {
  CancelScope,
  Queue,
  QueueReceiver,
  QueueSender,
  select,
  setReporter,
  sleep,
  taskGroup,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { kept } from "../kept.ts";
import { until, usage } from "../until.ts";

const closed = expect.objectContaining(usage("ERR_CLOSED"));

describeEverywhere("QueueSender and QueueReceiver", (everywhere) => {
  everywhere("clones share the buffer (CONF-N13)", async () => {
    const queue = new Queue<string>(4);
    const sender = kept(new QueueSender(queue));
    const receiver = kept(new QueueReceiver(queue));
    await sender.put("a");
    kept(sender.clone()).putNowait("b");
    await kept(new QueueSender(queue)).put("c");
    expect([await receiver.get(), kept(receiver.clone()).getNowait(), await queue.get()]).toEqual([
      "a",
      "b",
      "c",
    ]);
  });

  everywhere("the sending end closes with the last of its handles (CONF-N13, CONF-N23)", async () => {
    const queue = new Queue<string>(1);
    const seen: string[] = [];
    await taskGroup(async (group) => {
      using first = new QueueSender(queue);
      for (const name of ["a", "b", "c"]) {
        group.startSoon(async (sender) => {
          using _own = sender;
          for (let i = 0; i < 3; i++) await sender.put(`${name}${i}`);
        }, first.clone());
      }
      first.close();
      expect([first.isClosed, queue.isClosed]).toEqual([true, false]);
      for await (const item of kept(new QueueReceiver(queue))) seen.push(item);
    });
    expect(seen.sort()).toEqual(["a0", "a1", "a2", "b0", "b1", "b2", "c0", "c1", "c2"]);
    expect(queue.isClosed).toBe(true);
  });

  everywhere("the receiving end closes with the last of its handles (CONF-N13)", async () => {
    const queue = new Queue<string>(0);
    const one = kept(new QueueReceiver(queue));
    const two = kept(one.clone());
    one.close();
    await taskGroup(async (group) => {
      const sent = group.startSoon(() => queue.put("kept"));
      await until(() => queue.waitingPutters === 1);
      expect(await two.get()).toBe("kept");
      await sent;
      const refused = group.startSoon(() => rejection(queue.put("dropped")));
      await until(() => queue.waitingPutters === 1);
      two.close();
      expect(await refused).toMatchObject({ name: "QueueClosedError", by: "receiver" });
    });
  });

  everywhere("closing a handle wakes only the waiters of this handle (CONF-N13)", async () => {
    const empty = new Queue<string>();
    const receivers = [kept(new QueueReceiver(empty)), kept(new QueueReceiver(empty))] as const;
    const full = new Queue<string>(0);
    const senders = [kept(new QueueSender(full)), kept(new QueueSender(full))] as const;
    await taskGroup(async (group) => {
      const [got, stayed] = receivers.map((one) => group.startSoon(() => one.get().catch((e: unknown) => e)));
      const [put, waits] = senders.map((one, i) =>
        group.startSoon(() => one.put(`${i}`).catch((e: unknown) => e)),
      );
      await until(() => empty.waitingGetters === 2 && full.waitingPutters === 2);
      receivers[0].close();
      senders[0].close();
      expect([await got, await put]).toEqual([closed, closed]);
      expect([empty.waitingGetters, full.waitingPutters]).toEqual([1, 1]);
      empty.putNowait("item");
      expect([await stayed, await full.get(), await waits]).toEqual(["item", "1", undefined]);
    });
  });

  everywhere(
    "a closed handle can be neither used nor cloned, and a second close() does nothing (CONF-N14)",
    async () => {
      const queue = new Queue<string>();
      const sender = kept(new QueueSender(queue));
      const receiver = kept(new QueueReceiver(queue));
      const other = kept(sender.clone());
      for (const handle of [sender, receiver]) {
        handle.close();
        handle.close();
        handle[Symbol.dispose]();
        expect(handle.isClosed).toBe(true);
        expect(() => handle.clone()).toThrow(closed);
      }
      expect(other.isClosed).toBe(false);
      expect(() => sender.putNowait("x")).toThrow(closed);
      expect(() => receiver.getNowait()).toThrow(closed);
      expect([await rejection(sender.put("x")), await rejection(receiver.get())]).toEqual([closed, closed]);
      // The queue itself knows which of its ends was closed.
      expect(await rejection(other.put("x"))).toMatchObject({ name: "QueueClosedError", by: "receiver" });
    },
  );

  everywhere("the cancellation of the scope comes before the closed handle", async () => {
    const queue = new Queue<string>();
    const [sender, receiver] = [kept(new QueueSender(queue)), kept(new QueueReceiver(queue))];
    sender.close();
    receiver.close();
    for (const call of [() => sender.put("x"), () => receiver.get()]) {
      const scope = new CancelScope();
      let error: unknown;
      await scope.run(async () => {
        scope.cancel();
        error = await rejection(call());
      });
      expect(error).toBe(scope.error);
    }
  });

  everywhere("a cancelled wait and a served wait are both forgotten", async () => {
    const queue = new Queue<number>(0);
    const sender = kept(new QueueSender(queue));
    const receiver = kept(new QueueReceiver(queue));
    const scope = new CancelScope({ timeout: 5 });
    await scope.run(() => receiver.get());
    expect([scope.cancelledCaught, queue.waitingGetters]).toEqual([true, 0]);
    await taskGroup(async (group) => {
      const got = group.startSoon(() => receiver.get());
      await until(() => queue.waitingGetters === 1);
      await sender.put(1);
      receiver.close();
      expect(await got).toBe(1);
    });
    await sleep(1);
  });

  everywhere(
    "rejectWaiters reaches a select that waits on a handle, and the handle goes on (SYNC-03)",
    async () => {
      const queue = new Queue<number>();
      const receiver = kept(new QueueReceiver(queue));
      const sent = new Error("go away");
      await taskGroup(async (group) => {
        const waiting = group.startSoon(() => rejection(select({ receiver })));
        await until(() => queue.waitingGetters === 1);
        queue.rejectWaiters(sent);
        expect(await waiting).toBe(sent);
      });
      queue.putNowait(1);
      expect(await receiver.get()).toBe(1);
      receiver.close();
    },
  );

  everywhere("closing a handle does not undo an earlier hand-over", async () => {
    const queue = new Queue<number>(0);
    const sender = kept(new QueueSender(queue));
    const sent = sender.put(1);
    expect(queue.getNowait()).toBe(1);
    sender.close();
    await sent;
    expect(queue.waitingPutters).toBe(0);
  });

  everywhere("handles accept only queues", () => {
    for (const wrong of [undefined, null, {}, []]) {
      expect(() => new QueueSender(wrong as unknown as Queue<1>)).toThrow(/^queue must be a Queue/);
      expect(() => new QueueReceiver(wrong as unknown as Queue<1>)).toThrow(/^queue must be a Queue/);
    }
  });
});

test("a handle that is garbage-collected unclosed is reported and closed (CONF-N22)", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const reported: string[] = [];
  const before = setReporter((error, source) => void reported.push(`${source}: ${(error as Error).message}`));
  try {
    const queue = new Queue<string>();
    const other = new Queue<string>(0);
    const closedBefore = new Queue<string>();
    (() => {
      new QueueSender(queue).putNowait("last");
      new QueueReceiver(other);
      new QueueSender(closedBefore).close();
      // A queue that is collected with its handles has no waiters.
      new QueueSender(new Queue());
    })();
    const refused = rejection(other.put("x"));
    while (!queue.isClosed || !other.isClosed) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(await queue.get()).toBe("last");
    expect(await rejection(queue.get())).toMatchObject({ name: "QueueClosedError", by: "sender" });
    expect(await refused).toMatchObject({ name: "QueueClosedError", by: "receiver" });
    const lost = (end: string): string =>
      `a queue: A ${end} of a queue was garbage-collected while open. Close it, or declare it with "using"`;
    expect(reported.sort()).toEqual([lost("receiver"), lost("sender")]);
  } finally {
    setReporter(before);
  }
});

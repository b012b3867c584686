import { expect, test } from "vitest";
import { Cancellable, CancellationToken, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { runScript } from "../child.ts";

describeEverywhere("parents and children", (everywhere) => {
  everywhere("cancelling reaches every child, in whatever state that is (PAR-CAN-35)", async () => {
    const parent = new Cancellable({ name: "parent" });
    const outcome = await parent.settle(async () => {
      const pending = new Cancellable({ parent });
      const running = new Cancellable();
      const before = new Cancellable();
      const done = new Cancellable();
      await done.run(() => {});
      const grandchild = new Cancellable();
      const ended = [
        running.settle(() => grandchild.run(() => sleepForever())),
        before.settle(() => sleepForever()),
      ];
      before.cancel("shutdown", "earlier");
      parent.cancel("disconnect");
      expect([pending, running, before, grandchild].every((op) => op.isCancelled)).toBe(true);
      await Promise.all(ended);
      expect(running.context).toMatchObject({ status: "cancelled", cancelReason: "parent" });
      expect(before.context).toMatchObject({ cancelReason: "shutdown", cancelMessage: "earlier" });
      expect(done.context).toMatchObject({ status: "completed", cancelRequested: false });
      expect((await pending.settle(() => "ran")).status).toBe("cancelled");
      return "cleaned up";
    });
    expect(outcome).toEqual({ status: "completed", value: "cleaned up" });
  });

  everywhere("a child is linked once, and cancelled with its parent once (PAR-CAN-42)", async () => {
    const token = new CancellationToken();
    const parent = Cancellable.withToken(token);
    const heard: unknown[] = [];
    await parent.settle(async () => {
      const child = new Cancellable({ parent, token });
      child.token.link(token);
      child.token.link(parent.token);
      child.token.onCancel(({ reason }) => heard.push(reason));
      child.onCancel(({ cancelReason }) => void heard.push(cancelReason));
      const ended = child.settle(() => sleepForever());
      expect(parent.children).toEqual([child]);
      token.cancel("shutdown");
      expect((await ended).status).toBe("cancelled");
      expect(parent.children).toEqual([]);
    });
    expect(heard).toHaveLength(2);
    expect(heard[0]).toBe(heard[1]);
  });

  everywhere(
    "a child that was dropped before it ran holds up nobody, and goes with its parent (PAR-CAN-45)",
    async () => {
      const parent = new Cancellable();
      await parent.run(async () => {
        new Cancellable({ parent });
        await new Cancellable({ parent }).run(() => sleep(1));
        expect(parent.children).toHaveLength(1);
      });
      expect(parent.context.status).toBe("completed");
    },
  );
});

test("a chain of operations is not kept by anything when it has ended (PAR-CAN-50, PAR-CAN-51)", async () => {
  const { code, output, errors } = await runScript(
    `
    import { Cancellable, CancellationToken, TimeoutSource } from "@hother/cancelable";
    const token = new CancellationToken();
    const refs = [];
    const nest = async (depth) => {
      const op = Cancellable.withToken(token, { metadata: { depth } });
      op.addSource(new TimeoutSource(60_000)).onProgress(() => {});
      refs.push(new WeakRef(op), new WeakRef(op.context), new WeakRef(op.token));
      await op.run(async () => {
        void op.signal;
        if (depth > 0) await nest(depth - 1);
      });
    };
    const forget = async () => {
      await nest(49);
      for (let i = 0; i < 10; i++) await nest(0);
      const parent = new Cancellable();
      new Cancellable({ parent, token });
      refs.push(new WeakRef(parent));
    };
    await forget();
    // Weak references hold until the end of the turn in which they were made.
    for (let i = 0; i < 5; i++) {
      await new Promise(setImmediate);
      gc();
    }
    console.log(refs.length, refs.filter((ref) => ref.deref() !== undefined).length);
  `,
    ["--expose-gc"],
  );
  expect([errors, code, output.trim()]).toEqual(["", 0, "181 0"]);
});

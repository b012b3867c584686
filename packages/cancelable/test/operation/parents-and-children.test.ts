import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  CancelScope,
  ParentCancellation,
  sleep,
  sleepForever,
  withTimeout,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("cancellation reaches the children and never the parent (rule 12)", (everywhere) => {
  everywhere("a child's reason is parent, and its cause is the parent's error (rule 35)", async () => {
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
    "propagate: false leaves the children alone, and a later cancellation from above reaches them (PAR-CAN-36)",
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
    "propagate: false reaches the operation's own scopes, but not the operations inside them",
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

describeEverywhere("the parent of an operation (rule 13)", (everywhere) => {
  everywhere(
    "the parent is the ambient operation at the start, and the timeout counts from the start (CONF-C06)",
    async (t) => {
      const made = Cancellable.withTimeout(20);
      const outer = new Cancellable();
      await outer.run(async () => {
        await sleep(15);
        const ended = made.settle(() => sleepForever());
        expect(made.parent).toBe(outer);
        expect(outer.children).toEqual([made]);
        await ended;
        t.expectElapsed(35);
      });
    },
  );

  everywhere("a parent given to the constructor holds from the construction on (PAR-CAN-05)", async () => {
    const parent = new Cancellable();
    const child = new Cancellable({ parent });
    expect(child.context.parentId).toBe(parent.id);
    expect(parent.children).toEqual([child]);
    parent.cancel();
    expect(child.token.isCancelled).toBe(true);
  });

  everywhere("parent: null detaches the operation", async () => {
    const outer = new Cancellable();
    await outer.settle(async () => {
      const free = new Cancellable({ parent: null });
      const ended = free.run(() => sleep(10).then(() => "done"));
      outer.cancel();
      expect(free.parent).toBeUndefined();
      await expect(ended).resolves.toBe("done");
    });
  });
});

describeEverywhere("parents and children", (everywhere) => {
  everywhere("cancelling the parent reaches every child, in whatever state (PAR-CAN-35)", async () => {
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

  everywhere("a child that follows its parent in several ways is cancelled once (PAR-CAN-42)", async () => {
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

  everywhere("a child that never ran does not delay its parent (PAR-CAN-45)", async () => {
    const parent = new Cancellable();
    await parent.run(async () => {
      new Cancellable({ parent });
      await new Cancellable({ parent }).run(() => sleep(1));
      expect(parent.children).toHaveLength(1);
    });
    expect(parent.context.status).toBe("completed");
  });
});

describeEverywhere("an operation that is never started", (everywhere) => {
  everywhere("is in its explicit parent, which can cancel it, until the parent has ended", async () => {
    const parent = new Cancellable();
    const child = new Cancellable({ parent });
    await parent.settle(() => {
      expect(parent.children).toEqual([child]);
      parent.cancel();
    });
    expect(child.isCancelled).toBe(true);
  });

  everywhere("is in no operation without the option", async () => {
    const parent = new Cancellable();
    await parent.run(() => {
      const child = new Cancellable();
      expect([parent.children, child.parent]).toEqual([[], undefined]);
    });
  });
});

import { expect, vi } from "vitest";
import {
  Cancellable,
  CancellationToken,
  LinkedCancellationToken,
  run,
  sleep,
  sleepForever,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("the token of an operation", (everywhere) => {
  everywhere("the operation has one token, which can be linked to others (PAR-CAN-04)", () => {
    const op = new Cancellable();
    const { token } = op;
    expect(token).toBeInstanceOf(LinkedCancellationToken);
    expect(op.token).toBe(token);
    token.cancel("shutdown");
    expect([op.isCancelled, op.token === token]).toEqual([true, true]);
  });
});

describeEverywhere("an operation and a token that cancels it", (everywhere) => {
  everywhere(
    "a second cancellation changes nothing, before, during and after the run (PAR-CAN-37)",
    async () => {
      const token = new CancellationToken();
      const op = Cancellable.withToken(token, { name: "twice" });
      const outcome = await op.settle(() => {
        op.cancel("shutdown", "first");
        expect(token.cancel("manual", "second")).toBe(true);
        return sleepForever();
      });
      expect(outcome).toMatchObject({ error: { reason: "shutdown", message: "first" } });
      const never = Cancellable.withToken(token);
      expect(never.isCancelled).toBe(false);
      expect(await never.settle(() => {})).toMatchObject({ error: { message: "second" } });
      const late = new CancellationToken();
      const done = Cancellable.withToken(late);
      await done.run(() => {});
      late.cancel();
      expect(done.context).toMatchObject({ status: "completed", cancelRequested: false });
    },
  );

  everywhere(
    "any plain token can cancel an operation, also below a parent and in combinations (PAR-CAN-47)",
    async () => {
      const warn = vi.spyOn(console, "warn");
      try {
        const parent = new Cancellable();
        const token = new CancellationToken();
        await parent.settle(async () => {
          const child = Cancellable.withToken(token, { parent });
          const combined = Cancellable.withTimeout(60_000).combine(Cancellable.withToken(token));
          const ended = [child, combined].map((op) => op.settle(() => sleepForever()));
          token.cancel("disconnect");
          for (const one of ended) expect(await one).toMatchObject({ error: { reason: "disconnect" } });
          expect(parent.isCancelled).toBe(false);
        });
        expect(warn).not.toHaveBeenCalled();
      } finally {
        warn.mockRestore();
      }
    },
  );
});

describeEverywhere("the links of an operation's token", (everywhere) => {
  everywhere("a link works while the operation runs, and is gone after its end", async () => {
    const service = new CancellationToken();
    const ended = new Cancellable();
    await ended.run(() => void ended.token.link(service));
    const handle = new Cancellable().start();
    handle.token.link(service);
    await handle[Symbol.asyncDispose]();
    const running = new Cancellable();
    const outcome = await running.settle(async () => {
      running.token.link(service, { preserveReason: true });
      service.cancel("shutdown");
      await sleep(1);
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
    expect([ended.token.isCancelled, handle.token.isCancelled]).toEqual([false, false]);
    expect([ended.status, handle.status]).toEqual(["completed", "completed"]);
  });

  everywhere("disposing of a link after the end does nothing", async () => {
    const service = new CancellationToken();
    const op = new Cancellable();
    let link: Disposable | undefined;
    await op.run(() => {
      link = op.token.link(service);
    });
    link?.[Symbol.dispose]();
    link?.[Symbol.dispose]();
    service.cancel();
    expect(op.token.isCancelled).toBe(false);
  });
});

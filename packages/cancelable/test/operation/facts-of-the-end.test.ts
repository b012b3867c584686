import { expect } from "vitest";
import {
  Cancellable,
  CancellationToken,
  DeadlineSource,
  OperationRegistry,
  sleepForever,
  TimeoutSource,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { running } from "../registry/running.ts";

describeEverywhere("the cause of an operation's end", (everywhere) => {
  everywhere(
    "of two passed deadlines the earlier one cancels, whatever the order of the sources",
    async (t) => {
      const op = new Cancellable()
        .addSource(new TimeoutSource(600, "late"))
        .addSource(new TimeoutSource(300, "early"))
        .addSource(new DeadlineSource(t.backend.epoch() + 3_600_000, "not yet"));
      const outcome = await op.settle(() => {
        t.block(700);
        op.check();
      });
      expect(outcome.status).toBe("cancelled");
      expect(op.context.metadata).toEqual({ cancelledBy: "early" });
    },
  );

  everywhere("a source without an end never cancels", async () => {
    const token = new CancellationToken();
    const never = new Cancellable()
      .addSource(new TimeoutSource(null))
      .addSource(new DeadlineSource(Number.POSITIVE_INFINITY));
    const op = Cancellable.anyOf(never, token);
    const outcome = op.settle(() => sleepForever());
    token.cancel("shutdown");
    expect(await outcome).toMatchObject({ status: "cancelled", error: { reason: "shutdown" } });
  });

  everywhere("an error whose message cannot be read gets a replacement text", async () => {
    const unreadable = Object.defineProperty(new Error(), "message", {
      get() {
        throw new Error("no");
      },
    });
    const op = new Cancellable();
    const outcome = await op.settle(() => Promise.reject(unreadable));
    expect(outcome).toEqual({ status: "failed", error: unreadable });
    expect(op.context.errorMessage).toBe("an error that cannot be read");
    expect(JSON.stringify(op.context)).toContain("cannot be read");
  });
});

describeEverywhere("the observers of an operation", (everywhere) => {
  everywhere("every observer learns of the cancellation", async () => {
    const registries = [new OperationRegistry(), new OperationRegistry()] as const;
    const one = running({ register: registries[0] });
    registries[1].register(one.op);
    const next = registries.map((registry) => registry.watch().next());
    one.op.cancel();
    for (const event of await Promise.all(next))
      expect(event.value).toMatchObject({ type: "cancelling", operation: { id: one.op.id } });
    await one.outcome;
  });

  everywhere(
    "an observer that throws is reported and stops neither other observers nor the canceller",
    async (t) => {
      const broken = new Error("the observer broke");
      const observer = {
        started() {},
        progress() {},
        cancelling() {
          throw broken;
        },
        ended() {},
      };
      const one = running({ register: observer });
      const heard: string[] = [];
      one.op.token.onCancel(() => heard.push("a callback"));
      expect(one.op.cancel()).toBe(true);
      expect(heard).toEqual(["a callback"]);
      expect((await one.outcome).status).toBe("cancelled");
      expect(t.reported.splice(0)).toEqual([broken]);
    },
  );
});

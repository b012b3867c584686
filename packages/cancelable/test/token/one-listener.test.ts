import { getEventListeners } from "node:events";
import { expect } from "vitest";
import { Cancellable, CancellationToken, sleep, sleepForever } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("rule 27: a foreign signal has one listener of ours", (everywhere) => {
  everywhere("however many operations and tokens follow it, and none when they have ended", async () => {
    const { signal } = new AbortController();
    const token = CancellationToken.from(signal);
    const running = Array.from({ length: 20 }, () =>
      Cancellable.withAbortSignal(signal).run(async () => {
        await sleep(1);
        expect(getEventListeners(signal, "abort")).toHaveLength(1);
        await sleep(1);
      }),
    );
    await Promise.all(running);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    token[Symbol.dispose]();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  everywhere("each of them hears of the abort, and who comes after it too", async () => {
    const controller = new AbortController();
    const follow = (): Promise<{ readonly status: string }> =>
      Cancellable.withAbortSignal(controller.signal).settle(() => sleepForever());
    const following = [follow(), follow()];
    controller.abort();
    following.push(follow());
    const outcomes = await Promise.all(following);
    expect(outcomes.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });
});

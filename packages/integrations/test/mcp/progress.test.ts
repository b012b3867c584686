import {
  Cancellable,
  currentOperation,
  failAfter,
  type Progress,
  setReporter,
  sleep,
} from "@hother/cancelable";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { text, wait, waitingPair } from "./waiting.ts";
import { newPair } from "./wire.ts";

describe("progress", () => {
  test("of the operation of a handler becomes that of the operation of the caller (LLM-05)", async () => {
    const pair = newPair();
    pair.server.registerTool("count", { description: "counts" }, async () => {
      const op = currentOperation() as Cancellable;
      for (const current of [1, 2]) op.reportProgress({ current, total: 2, message: `step ${current}` });
      op.reportProgress("nearly");
      return text("done");
    });
    await pair.connect();
    const heard: Progress[] = [];
    const own: unknown[] = [];
    const op = new Cancellable().onProgress((progress) => heard.push(progress));
    await op.run(() =>
      pair.client.callTool({ name: "count" }, undefined, {
        onprogress: (progress) => own.push([progress.progress, currentOperation()?.id]),
      }),
    );
    expect(heard).toMatchObject([
      { current: 1, total: 2, message: "step 1" },
      { current: 2, total: 2, message: "step 2" },
      { message: "nearly" },
    ]);
    expect(own.slice(0, 2)).toEqual([
      [1, op.id],
      [2, op.id],
    ]);
    const numbers = pair.far.of("notifications/progress").map((params) => params?.progress as number);
    expect(numbers).toHaveLength(3);
    expect(numbers[2]).toBeGreaterThan(2); // the protocol wants numbers that grow
  });

  test("without numbers counts steps", async () => {
    const pair = newPair();
    pair.server.registerTool("talk", { description: "talks" }, async () => {
      for (const word of ["a", "b"]) currentOperation()?.reportProgress(word);
      return text("done");
    });
    await pair.connect();
    await new Cancellable().run(() => pair.client.callTool({ name: "talk" }));
    expect(pair.far.of("notifications/progress")).toMatchObject([
      { progress: 1, message: "a" },
      { progress: 2, message: "b" },
    ]);
  });

  test("is not asked for outside of every operation, and not sent without a token", async () => {
    const pair = newPair();
    pair.server.registerTool("talk", { description: "talks" }, async () => {
      currentOperation()?.reportProgress("a");
      return text("done");
    });
    await pair.connect();
    await pair.client.callTool({ name: "talk" });
    expect(pair.near.of("tools/call")[0]?._meta).toBeUndefined();
    expect(pair.far.of("notifications/progress")).toEqual([]);
  });

  test("with numbers that make no sense is reported, and ends nothing", async () => {
    const errors: string[] = [];
    const before = setReporter((_error, source) => void errors.push(source));
    onTestFinished(() => void setReporter(before));
    const pair = newPair();
    pair.server.registerTool("odd", { description: "odd" }, async ({ _meta, sendNotification }) => {
      const progressToken = _meta?.progressToken as number;
      await sendNotification({ method: "notifications/progress", params: { progressToken, progress: -1 } });
      return text("done");
    });
    await pair.connect();
    await new Cancellable().run(() => pair.client.callTool({ name: "odd" }));
    expect(errors).toEqual(["progress of an MCP request"]);
  });

  /** A tool that reports progress every 50 ms for the given time. The time is that of fake timers. */
  async function talkingPair(milliseconds: number) {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const pair = newPair();
    const sent = { count: 0 };
    pair.server.registerTool("talk", { description: "talks" }, async () => {
      const end = performance.now() + milliseconds;
      while (performance.now() < end) {
        currentOperation()?.reportProgress(`report ${sent.count++}`);
        await sleep(50);
      }
      return text("done");
    });
    await pair.connect();
    return { ...pair, sent };
  }

  test("resets an idle limit, also without a listener of the user (LLM-06)", async () => {
    const { client } = await talkingPair(2_000);
    const options = { timeout: 1_200, resetTimeoutOnProgress: true };
    const [result] = await Promise.all([
      client.callTool({ name: "talk" }, undefined, options),
      vi.advanceTimersByTimeAsync(2_000),
    ]);
    expect(result).toMatchObject(text("done"));
  });

  test("never resets the deadline of the scope (LLM-06)", async () => {
    const { client, sent } = await talkingPair(60_000);
    const options = { timeout: 30_000, resetTimeoutOnProgress: true };
    const calling = failAfter(400, () => client.callTool({ name: "talk" }, undefined, options)).catch(
      (thrown: unknown) => thrown,
    );
    await vi.advanceTimersByTimeAsync(400);
    const error = await calling;
    expect(error).toMatchObject({ reason: "timeout" });
    expect(sent.count).toBeGreaterThan(0);
  });

  test("never resets maxTotalTimeout, which holds without progress, too (LLM-06)", async () => {
    const { client, near } = await talkingPair(60_000);
    const { client: silent, tool } = await waitingPair();
    const limit = { maxTotalTimeout: 300, resetTimeoutOnProgress: true, timeout: 30_000 };
    const calls = [
      client.callTool({ name: "talk" }, undefined, limit).catch((error: unknown) => error),
      silent.callTool({ name: "wait" }, undefined, limit).catch((error: unknown) => error),
    ];
    await vi.advanceTimersByTimeAsync(300);
    for (const error of await Promise.all(calls))
      expect(error).toMatchObject({ code: -32001, data: { maxTotalTimeout: 300 } });
    expect(near.of("notifications/cancelled")[0]?.reason).toMatch(/^timeout: /);
    await vi.waitFor(() => expect(tool.ends[0]?.reason).toBe("timeout"), wait);
  });
});

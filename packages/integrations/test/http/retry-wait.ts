import { Cancellable } from "@hother/cancelable";
import { expectNoLeaks } from "@hother/cancelable/testing";
import { expect } from "vitest";

/**
 * Cancels `call` while it waits for its next attempt, and expects its end, and that the timer of the wait is gone: there is no second
 * attempt.
 *
 * @param call Calls `waits` right before the wait, which is longer than the limit of the test.
 */
export function leavesRetryWait(call: (waits: () => void) => Promise<unknown>): Promise<void> {
  return expectNoLeaks(
    async () => {
      let begin!: (value: unknown) => void;
      const isWaiting = new Promise((resolve) => {
        begin = resolve;
      });
      const op = new Cancellable();
      const ending = op.settle(() => call(() => void setImmediate(begin)));
      await isWaiting;
      op.cancel("quota");
      expect(await ending).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
    },
    { settle: 10_000, ignore: ["TCPSocketWrap", "TCPWRAP"] },
  );
}

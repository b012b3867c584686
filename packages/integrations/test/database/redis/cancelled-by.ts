import { Cancellable, isCancellation } from "@hother/cancelable";
import { expect } from "vitest";

/** The error of `call` in an operation that is cancelled at once. */
export async function cancelledBy(call: () => Promise<unknown>): Promise<Error> {
  let inside: unknown;
  const op = new Cancellable();
  await op.settle(async () => {
    const answer = call();
    op.cancel("quota");
    inside = await answer.catch((error: unknown) => error);
  });
  expect(isCancellation(inside, op)).toBe(true);
  return inside as Error;
}

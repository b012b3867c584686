import { expect, test } from "vitest";
import { CancelScope, run, setReporter, sleep, taskGroup } from "../src/index.ts";
import { liveScopes } from "../src/inspect/index.ts";
import { VirtualBackend } from "../src/testing/index.ts";

/** More microtasks than a verb needs until it waits for time again. */
const mostTurns = 40;

export interface EveryTurnOptions {
  /** The moments of virtual time at which something happens. */
  readonly times: readonly number[];
  /** Errors that may go to the reporter. Default: none. */
  readonly allows?: (error: unknown) => boolean;
  /** Further assertions, after each run. */
  readonly after?: () => void;
}

/**
 * Runs `body` again and again in virtual time, in a scope that is cancelled at another moment each time: 0, 1, 2, …
 * microtasks after each of the times. Asserts after each run that no timer, no scope and no wait is left, that nothing
 * was reported, and that `body` ended with its own result or with the cancellation.
 */
export function cancelledAtEveryTurn(
  title: string,
  body: (backend: VirtualBackend) => PromiseLike<unknown>,
  { times, allows = () => false, after }: EveryTurnOptions,
): void {
  test(title, async () => {
    let interrupted = 0;
    for (const time of times) {
      for (let turns = 0; turns < mostTurns; turns++) {
        const backend = new VirtualBackend();
        const reported: unknown[] = [];
        const before = setReporter((error) => void (allows(error) || reported.push(error)));
        const scope = new CancelScope();
        try {
          await run(
            () =>
              taskGroup((group) => {
                group.startSoon(() => scope.run(() => body(backend)));
                group.startSoon(async () => {
                  if (time > 0) await sleep(time);
                  for (let i = 0; i < turns; i++) await undefined;
                  scope.cancel();
                });
              }),
            { backend },
          );
        } finally {
          setReporter(before);
        }
        const label = `cancelled ${turns} microtasks after ${time} ms`;
        expect(reported, label).toEqual([]);
        expect(backend.timerCount, label).toBe(0);
        expect(liveScopes(backend), label).toMatchObject([{ kind: "root", waits: 0 }]);
        after?.();
        if (scope.cancelledCaught) interrupted++;
      }
    }
    expect(interrupted).toBeGreaterThan(0);
  });
}

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  any,
  CancelScope,
  isCancellation,
  Lock,
  Queue,
  race,
  run,
  Semaphore,
  setReporter,
  type TaskGroup,
  taskGroup,
  waitFor,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";
import { rootAbove } from "./root.ts";
import { replayed, runs, seeds } from "./settings.ts";

/*
 * fast-check's scheduler chooses the order in which foreign promises settle. In every order nothing is lost, lines are
 * served in order of arrival, and nothing is left.
 */

const unhandled: unknown[] = [];
const reported: unknown[] = [];
const listener = (error: unknown): void => void unhandled.push(error);
let before: ReturnType<typeof setReporter>;

beforeEach(() => {
  process.on("unhandledRejection", listener);
  before = setReporter((error) => void reported.push(error));
});
afterEach(() => {
  process.off("unhandledRejection", listener);
  setReporter(before);
});

/** The code of a test: `later(name)` resolves when the scheduler decides. */
type Later = (name: string) => Promise<string>;
type Attempt = (later: Later, scope: CancelScope) => Promise<void>;

/** Runs `attempt` in every order that fast-check chooses, and checks that nothing is left. */
function ordered(title: string, attempt: (data: number[]) => Attempt): void {
  const plan = fc.array(fc.nat(7), { minLength: 4, maxLength: 12 });
  const inSomeOrder = fc.asyncProperty(fc.scheduler(), plan, async (scheduler, data) => {
    const backend = new VirtualBackend();
    const later: Later = (name) => scheduler.schedule(Promise.resolve(name), name);
    let root: CancelScope["node"] | undefined;
    const main = (scope: CancelScope) => {
      root = rootAbove(scope);
      return attempt(data)(later, scope);
    };
    await scheduler.waitFor(run(main, { backend }));
    await scheduler.waitIdle();
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect([root?.live, root?.children(), root?.waiters, backend.timerCount]).toEqual([0, [], undefined, 0]);
    expect([...unhandled.splice(0), ...reported.splice(0)]).toEqual([]);
  });
  test.each(seeds)(`${title} [seed %i]`, (seed) =>
    fc.assert(inSomeOrder, { seed, numRuns: Math.ceil(runs / 8), ...replayed }),
  );
}

/** Waits in a scope of its own, which `later` cancels if the data says so. */
function perhapsCancelled(
  group: TaskGroup,
  later: Later,
  name: string,
  cancels: boolean,
  body: () => Promise<void>,
): void {
  const scope = new CancelScope();
  group.startSoon(() => scope.run(body));
  if (cancels) group.startSoon(() => waitFor(later(`cancel ${name}`)).then(() => void scope.cancel()));
}

/** Tasks that end when `later` resolves, some of them with an error. */
function contestants(data: readonly number[], later: Later, fails: (n: number) => boolean) {
  const settled: string[] = [];
  const running = new Set<number>();
  const works = data.map((n, i) => async (): Promise<string> => {
    running.add(i);
    try {
      await waitFor(later(`work ${i}`));
      settled.push(`${i}`);
      if (fails(n)) throw new Error(`${i}`);
      return `${i}`;
    } finally {
      running.delete(i);
    }
  });
  return { works, settled, running };
}

describe("in every order in which promises settle", () => {
  ordered(
    "a lock has one holder, goes to the next waiter in line, and is free at the end",
    (data) => async (later) => {
      const lock = new Lock();
      const arrived: number[] = [];
      const served: number[] = [];
      const gone = new Set<number>();
      let holders = 0;
      await taskGroup((group) => {
        data.forEach((n, i) => {
          perhapsCancelled(group, later, `${i}`, n % 3 === 0, async () => {
            await waitFor(later(`arrive ${i}`));
            arrived.push(i);
            try {
              await lock.run(async () => {
                served.push(i);
                expect(++holders).toBe(1);
                try {
                  await waitFor(later(`work ${i}`));
                } finally {
                  holders--;
                }
              });
            } catch (error) {
              if (isCancellation(error)) gone.add(i);
              throw error;
            }
          });
        });
      });
      // Every waiter that was not cancelled in the line was served, in order of arrival.
      expect(served).toEqual(arrived.filter((i) => served.includes(i)));
      for (const i of arrived) expect(served.includes(i) || gone.has(i)).toBe(true);
      expect([lock.isLocked, lock.waiting]).toEqual([false, 0]);
    },
  );

  ordered(
    "a semaphore never lends too many permits, keeps the order of the line, and has all permits back at the end",
    (data) => async (later) => {
      const permits = 1 + ((data[0] as number) % 3);
      const semaphore = new Semaphore(permits, { max: permits });
      const arrived: number[] = [];
      const served: number[] = [];
      let borrowed = 0;
      await taskGroup((group) => {
        data.forEach((n, i) => {
          perhapsCancelled(group, later, `${i}`, n % 3 === 0, async () => {
            await waitFor(later(`arrive ${i}`));
            arrived.push(i);
            await semaphore.run(async () => {
              served.push(i);
              expect(++borrowed).toBeLessThanOrEqual(permits);
              try {
                await waitFor(later(`work ${i}`));
              } finally {
                borrowed--;
              }
            });
          });
        });
      });
      expect(served).toEqual(arrived.filter((i) => served.includes(i)));
      expect([semaphore.value, semaphore.waiting]).toEqual([permits, 0]);
    },
  );

  ordered("a queue hands every item over once and in order, and loses none", (data) => async (later) => {
    const queue = new Queue<number>((data[0] as number) % 4);
    const put: number[] = [];
    const got: number[] = [];
    const withdrawn: number[] = [];
    await taskGroup(async (group) => {
      await taskGroup((senders) => {
        data.forEach((n, i) => {
          perhapsCancelled(senders, later, `put ${i}`, n % 4 === 0, async () => {
            await waitFor(later(`put ${i}`));
            put.push(i);
            await queue.put(i).catch((error: unknown) => {
              withdrawn.push(i);
              throw error;
            });
          });
          perhapsCancelled(group, later, `get ${i}`, n % 4 === 1, async () => {
            await waitFor(later(`get ${i}`));
            // Delivered is delivered: the received item is recorded in the same step.
            got.push(await queue.get());
          });
        });
        // There are as many getters as putters, and some were cancelled: the remaining items are taken here.
        senders.startSoon(async () => {
          await waitFor(later("rest"));
          while (got.length + withdrawn.length < data.length) {
            await waitFor(later("look"));
            if (queue.size + queue.waitingPutters > 0) got.push(queue.getNowait());
            else if (put.length + cancelledEarly() === data.length && senders.tasks.length === 1) break;
          }
        });
        const cancelledEarly = (): number => data.length - put.length;
      });
      group.cancel();
    });
    expect([queue.size, queue.waitingGetters, queue.waitingPutters]).toEqual([0, 0, 0]);
    expect([...got, ...withdrawn].sort((a, b) => a - b)).toEqual([...put].sort((a, b) => a - b));
    // The items of one queue come in the order in which they were put.
    expect(got).toEqual(put.filter((i) => got.includes(i)));
  });

  ordered(
    "start() gives the value or the child's error, and every child is waited for",
    (data) => async (later) => {
      const began: number[] = [];
      const ended: number[] = [];
      const values: string[] = [];
      const refused: string[] = [];
      await taskGroup(async (group) => {
        await taskGroup((starters) => {
          data.forEach((n, i) => {
            perhapsCancelled(starters, later, `starter ${i}`, n % 3 === 0, async () => {
              try {
                values.push(
                  await group.start<string>(async (started) => {
                    began.push(i);
                    try {
                      await waitFor(later(`begin ${i}`));
                      if (n === 7) throw new Error(`child ${i}`);
                      started(`ready ${i}`);
                      await waitFor(later(`end ${i}`));
                    } finally {
                      ended.push(i);
                    }
                  }),
                );
              } catch (error) {
                if (isCancellation(error)) throw error;
                refused.push((error as Error).message);
              }
            });
          });
        });
      });
      expect(ended.sort((a, b) => a - b)).toEqual(began.sort((a, b) => a - b));
      for (const message of refused) expect(message).toMatch(/^child \d+$/);
      expect(new Set(values).size).toBe(values.length);
    },
  );

  ordered(
    "a race has one winner, the first task that settled, and the other tasks have ended",
    (data) => async (later) => {
      const { works, settled, running } = contestants(data, later, (n) => n > 5);
      const winner = await race(works).catch((error: Error) => error.message);
      expect([winner, running.size]).toEqual([settled[0], 0]);
    },
  );

  ordered(
    "any() gives the first success, or all errors in the order of the tasks",
    (data) => async (later) => {
      const { works, settled, running } = contestants(data, later, (n) => n > 0);
      const result = await any(works).catch((error: AggregateError) =>
        error.errors.map((one: Error) => one.message).join(),
      );
      const first = settled.find((i) => data[Number(i)] === 0);
      expect([result, running.size]).toEqual([first ?? data.map((_, i) => i).join(), 0]);
    },
  );

  ordered(
    "a cancellation of the whole, at whatever moment, leaves nothing taken",
    (data) => async (later, scope) => {
      const lock = new Lock();
      const semaphore = new Semaphore(2, { max: 2 });
      const queue = new Queue<number>(1);
      const inner = new CancelScope();
      await taskGroup((group) => {
        group.startSoon(() => waitFor(later("cancel all")).then(() => void inner.cancel("shutdown")));
        group.startSoon(() =>
          inner.run(() =>
            taskGroup((workers) => {
              data.forEach((n, i) => {
                workers.startSoon(async () => {
                  await waitFor(later(`arrive ${i}`));
                  if (n % 4 === 0) await queue.put(i);
                  else if (n % 4 === 1) await queue.get();
                  else await (n % 4 === 2 ? lock : semaphore).run(() => waitFor(later(`work ${i}`)));
                  await lock.run(() => waitFor(later(`again ${i}`)));
                });
              });
            }),
          ),
        );
      });
      expect([inner.cancelCalled, scope.isCancelled]).toEqual([true, false]);
      expect([lock.isLocked, lock.waiting, semaphore.value, semaphore.waiting]).toEqual([false, 0, 2, 0]);
      expect([queue.waitingGetters, queue.waitingPutters]).toEqual([0, 0]);
    },
  );
});

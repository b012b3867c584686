import type { Lease } from "../../../src/index.ts";
import { nameOf } from "../errors.ts";
import type { StatementOf } from "../program.ts";
import { find } from "../resources.ts";
import type { Handlers, TaskContext, World } from "../world.ts";

type Holding = StatementOf<"lock" | "sem" | "lim" | "cond">;

/** A primitive that lends something. A condition has no form with a body. */
interface Lender {
  acquire(): Promise<Lease>;
  run?<T>(body: () => Promise<T>): Promise<T>;
}

export const leaseStatements: Handlers<
  "lock" | "sem" | "lim" | "cond" | "acq" | "rel" | "semrel" | "limset"
> = {
  lock: (world, statement, task) => {
    const lock = find(world.resources.locks, statement.name);
    // A lease does not notice that the program has released the lock by hand; the lock does, and complains as trio.
    const byHand = world.evensOut && world.isReleasedByHand(statement.name);
    if (byHand) return hold(world, statement, task, lock, () => lock.release());
    return borrow(world, statement, task, lock);
  },
  sem: (world, statement, task) =>
    borrow(world, statement, task, find(world.resources.semaphores, statement.name)),
  lim: (world, statement, task) =>
    borrow(world, statement, task, find(world.resources.limiters, statement.name)),
  cond: (world, statement, task) =>
    borrow(world, statement, task, find(world.resources.conditions, statement.name)),
  acq: (world, statement, task) =>
    world.wait(
      task,
      statement,
      async () => void (await find(world.resources.locks, statement.name).acquire()),
    ),
  rel: (world, statement, task) =>
    world.call(task, statement, () => find(world.resources.locks, statement.name).release()),
  semrel: (world, statement, task) =>
    world.call(task, statement, () => find(world.resources.semaphores, statement.name).release()),
  limset: (world, statement, task) =>
    world.call(task, statement, () => {
      find(world.resources.limiters, statement.name).total = statement.n;
    }),
};

/** Both forms are used: `run` in statements with an even number, `acquire` and the lease in the others. */
function borrow(world: World, statement: Holding, task: TaskContext, lender: Lender): Promise<void> {
  return statement.id % 2 === 0 && lender.run !== undefined
    ? holdInBody(world, statement, task, lender as Required<Lender>)
    : hold(world, statement, task, lender, (lease) => lease[Symbol.dispose]());
}

async function holdInBody(
  world: World,
  statement: Holding,
  task: TaskContext,
  lender: Required<Lender>,
): Promise<void> {
  let acquired = false;
  try {
    await lender.run(async () => {
      acquired = true;
      world.log(task, statement, "acq");
      await world.run(statement.body, task);
    });
  } catch (error) {
    world.log(task, statement, acquired ? "rel" : `!${nameOf(error)}`);
    throw error;
  }
  world.log(task, statement, "rel");
}

async function hold(
  world: World,
  statement: Holding,
  task: TaskContext,
  lender: Lender,
  release: (lease: Lease) => void,
): Promise<void> {
  let lease: Lease;
  try {
    lease = await lender.acquire();
  } catch (error) {
    world.log(task, statement, `!${nameOf(error)}`);
    throw error;
  }
  world.log(task, statement, "acq");
  try {
    await world.run(statement.body, task);
  } finally {
    try {
      release(lease);
    } catch (error) {
      world.log(task, statement, `rel!${nameOf(error)}`);
      throw error;
    }
    world.log(task, statement, "rel");
  }
}

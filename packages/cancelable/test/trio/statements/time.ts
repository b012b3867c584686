import { currentDeadline, sleep, sleepForever } from "../../../src/index.ts";
import type { Handlers } from "../world.ts";

export const timeStatements: Handlers<"sleep" | "cp" | "forever" | "dl" | "block"> = {
  sleep: (world, statement, task) => world.wait(task, statement, () => sleep(statement.t)),
  // Not `checkpoint()`, which looks at the real clock to find out whether others need a turn. trio's always gives one.
  cp: (world, statement, task) => world.wait(task, statement, () => sleep(0)),
  forever: (world, statement, task) => world.wait(task, statement, () => sleepForever()),
  dl: (world, statement, task) => world.log(task, statement, `dl ${world.moment(currentDeadline())}`),
  block: (world, statement, task) => world.call(task, statement, () => world.host.block(statement.t)),
};

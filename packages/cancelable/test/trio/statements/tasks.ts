import { type CancelScope, taskGroup } from "../../../src/index.ts";
import { nameOf } from "../errors.ts";
import type { StatementOf } from "../program.ts";
import type { Handlers, TaskContext, World } from "../world.ts";

export const taskStatements: Handlers<"group" | "spawn" | "start" | "started" | "tcancel" | "join"> = {
  group: runGroup,
  spawn: (world, statement, task) => {
    const group = world.groups.get(statement.group);
    if (group === undefined) return world.log(task, statement, "none");
    const name = childName(world, statement, task);
    world.call(task, statement, () => {
      const child = group.startSoon(() => world.runTask(statement.body, { name }, statement));
      world.tasks.set(statement.as, child);
      world.spawned.set(name, child);
    });
  },
  start: (world, statement, task) => {
    const group = world.groups.get(statement.group);
    if (group === undefined) return world.log(task, statement, "none");
    const name = childName(world, statement, task);
    return world.wait(task, statement, () =>
      group.start<number>((started) => world.runTask(statement.body, { name, started }, statement)),
    );
  },
  started: (world, statement, task) => {
    const { started } = task;
    if (started === undefined) return world.log(task, statement, "none");
    world.call(task, statement, () => started(statement.v));
  },
  tcancel: (world, statement, task) => {
    const child = world.tasks.get(statement.name);
    child?.cancel();
    world.log(task, statement, child === undefined ? "none" : "ok");
  },
  join: (world, statement, task) => {
    const child = world.tasks.get(statement.name);
    if (child === undefined) return world.log(task, statement, "none");
    return world.wait(task, statement, () => child.wait());
  },
};

async function runGroup(world: World, statement: StatementOf<"group">, task: TaskContext): Promise<void> {
  let scope: CancelScope | undefined;
  const flag = (): string => (world.evensOut ? "" : ` ${Number(scope?.cancelCalled)}`);
  try {
    await taskGroup(
      async (group) => {
        scope = group.scope;
        world.groups.set(statement.name, group);
        world.register(world.keyOf(task, statement), statement.name, "group", scope);
        world.log(task, statement, "{");
        await world.run(statement.body, task);
      },
      { failures: statement.first === true ? "first" : "collect" },
    );
  } catch (error) {
    world.log(task, statement, `}!${nameOf(error)}${flag()}`);
    throw error;
  }
  world.log(task, statement, `}${flag()}`);
}

/** "T0/3#1" is the child that the first run of statement 3 in task T0 started. */
function childName(world: World, statement: StatementOf<"spawn" | "start">, task: TaskContext): string {
  return world.keyOf(task, statement).replace(":", "/");
}

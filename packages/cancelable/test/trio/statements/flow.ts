import { NamedError, nameOf } from "../errors.ts";
import type { StatementOf } from "../program.ts";
import type { Handlers, TaskContext, World } from "../world.ts";

export const flowStatements: Handlers<"raise" | "loop" | "try"> = {
  raise: (_world, statement) => {
    throw new NamedError(statement.e);
  },
  loop: async (world, statement, task) => {
    for (let i = 0; i < statement.n; i++) await world.run(statement.body, task);
  },
  try: async (world, statement, task) => {
    try {
      await tryAndCatch(world, statement, task);
    } finally {
      if (statement.fin !== undefined) {
        world.log(task, statement, "fin");
        await world.run(statement.fin, task);
      }
    }
  },
};

async function tryAndCatch(world: World, statement: StatementOf<"try">, task: TaskContext): Promise<void> {
  try {
    await world.run(statement.body, task);
  } catch (error) {
    const name = nameOf(error);
    const kind = name === "C" ? "C" : "E";
    if (statement.catch !== "all" && statement.catch !== kind) throw error;
    world.log(task, statement, `catch ${name}`);
    await world.run(statement.do ?? [], task);
    if (statement.then === "reraise") throw error;
    if (statement.then !== undefined && statement.then !== "swallow") throw new NamedError(statement.then);
  }
}

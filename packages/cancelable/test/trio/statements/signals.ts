import { find } from "../resources.ts";
import type { Handlers } from "../world.ts";

export const signalStatements: Handlers<"set" | "wait" | "cwait" | "notify"> = {
  set: (world, statement, task) =>
    world.call(task, statement, () => find(world.resources.events, statement.name).set()),
  wait: (world, statement, task) =>
    world.wait(task, statement, () => find(world.resources.events, statement.name).wait()),
  cwait: (world, statement, task) =>
    world.wait(task, statement, () => find(world.resources.conditions, statement.name).wait()),
  notify: (world, statement, task) => {
    const condition = find(world.resources.conditions, statement.name);
    world.call(task, statement, () =>
      statement.n === 0 ? condition.notifyAll() : condition.notify(statement.n),
    );
  },
};

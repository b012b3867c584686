import { CancelScope, run, setReporter, sleep, taskGroup } from "../../src/index.ts";
import type { Trace } from "./compare.ts";
import { nameOf } from "./errors.ts";
import type { Host } from "./hosts.ts";
import type { Program } from "./program.ts";
import { flowStatements } from "./statements/flow.ts";
import { leaseStatements } from "./statements/leases.ts";
import { queueStatements } from "./statements/queues.ts";
import { scopeStatements } from "./statements/scopes.ts";
import { signalStatements } from "./statements/signals.ts";
import { taskStatements } from "./statements/tasks.ts";
import { timeStatements } from "./statements/time.ts";
import { type Handlers, World } from "./world.ts";

/** A program that still runs at this moment waits for ever, or in a shield: it is cancelled, and all shields come down. */
const horizon = 1e9;

const handlers: Handlers = {
  ...timeStatements,
  ...flowStatements,
  ...scopeStatements,
  ...taskStatements,
  ...leaseStatements,
  ...signalStatements,
  ...queueStatements,
};

/** Runs a program through the public API of the library, and records what happens. */
export async function interpret(program: Program, host: Host): Promise<Trace> {
  // Later failures of a group that rejects with its first one: they are in the trace of their task.
  const before = setReporter(() => {});
  try {
    return await host.drive(
      run(() => runTasks(new World(program, host, handlers)), { backend: host.backend }),
    );
  } finally {
    setReporter(before);
  }
}

async function runTasks(world: World): Promise<Trace> {
  const scope = new CancelScope();
  let outcome = "ok";
  let ended = 0;
  await taskGroup(async (around) => {
    around.startSoon(async () => {
      await sleep(horizon);
      world.ending = true;
      scope.cancel();
      for (const { scope: shielded } of world.entered)
        if (shielded instanceof CancelScope) shielded.shield = false;
    });
    try {
      await scope.run(() =>
        taskGroup(
          (group) => {
            world.program.tasks.forEach((body, index) => {
              group.startSoon(() => world.runTask(body, { name: `T${index}` }, "top"));
            });
          },
          { failures: "collect" },
        ),
      );
    } catch (error) {
      outcome = nameOf(error);
    }
    ended = world.now;
    around.cancel();
  });
  return world.result(outcome, ended);
}

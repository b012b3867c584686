import type { QueueReceiver, QueueSender } from "../../../src/index.ts";
import { nameOf, queueError } from "../errors.ts";
import type { StatementOf } from "../program.ts";
import { declared, find } from "../resources.ts";
import type { Handlers, World } from "../world.ts";

type OnHandle = StatementOf<"put" | "putnw" | "get" | "getnw" | "close" | "iter">;

/** A loop over a receiver ends after so many items. */
const mostItems = 3;

export const queueStatements: Handlers<"put" | "putnw" | "get" | "getnw" | "close" | "iter"> = {
  put: (world, statement, task) =>
    world.wait(task, statement, async () => {
      try {
        await senderOf(world, statement).put(statement.v);
      } catch (error) {
        throw queueError(error, "sender");
      }
    }),
  get: (world, statement, task) =>
    world.wait(task, statement, async () => {
      try {
        return await receiverOf(world, statement).get();
      } catch (error) {
        throw queueError(error, "receiver");
      }
    }),
  putnw: (world, statement, task) =>
    world.call(task, statement, () => {
      try {
        senderOf(world, statement).putNowait(statement.v);
      } catch (error) {
        throw queueError(error, "sender");
      }
    }),
  getnw: (world, statement, task) =>
    world.call(task, statement, () => {
      try {
        return receiverOf(world, statement).getNowait();
      } catch (error) {
        throw queueError(error, "receiver");
      }
    }),
  close: (world, statement, task) =>
    world.call(task, statement, () =>
      (statement.end === 0 ? senderOf(world, statement) : receiverOf(world, statement)).close(),
    ),
  iter: async (world, statement, task) => {
    let items = 0;
    try {
      for await (const item of receiverOf(world, statement)) {
        world.log(task, statement, `item ${item}`);
        await world.run(statement.body, task);
        if (++items === mostItems) break;
      }
    } catch (thrown) {
      const error = queueError(thrown, "receiver");
      world.log(task, statement, `}!${nameOf(error)}`);
      throw error;
    }
    world.log(task, statement, "}");
  },
};

function senderOf(world: World, { name, h }: OnHandle): QueueSender<number> {
  return declared(find(world.resources.channels, name).senders[h], `sender ${h} of ${name}`);
}

function receiverOf(world: World, { name, h }: OnHandle): QueueReceiver<number> {
  return declared(find(world.resources.channels, name).receivers[h], `receiver ${h} of ${name}`);
}

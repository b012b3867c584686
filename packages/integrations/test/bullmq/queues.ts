import type { EventEmitter } from "node:events";
import { FlowProducer, Queue, Worker } from "bullmq";
import { afterEach } from "vitest";
import type { RedisServer } from "../servers/redis.ts";

/** What a test has opened. It is closed after the test. */
const open = new Set<FlowProducer | Queue | Worker>();

afterEach(async () => {
  // First the workers, which may wait for their jobs.
  for (const kind of [Worker, Queue, FlowProducer])
    await Promise.all([...open].filter((one) => one instanceof kind).map((one) => one.close()));
  open.clear();
});

export function keep<T extends FlowProducer | Queue | Worker>(one: T): T {
  // Each test looks at its own jobs.
  (one as EventEmitter).on("error", () => {}); // all three are
  open.add(one);
  return one;
}

let count = 0;

/** The connection to a server, and a queue with a new name. */
export function newQueue(server: RedisServer | undefined): {
  readonly connection: { readonly host: string; readonly port: number; readonly maxRetriesPerRequest: null };
  readonly queue: Queue;
  readonly name: string;
} {
  const { host = "", port = 0 } = server ?? {};
  const connection = { host, port, maxRetriesPerRequest: null };
  const name = `queue-${++count}`;
  return { connection, name, queue: keep(new Queue(name, { connection })) };
}

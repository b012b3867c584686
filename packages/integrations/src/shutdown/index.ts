import type { Server } from "node:net";
import { getBackend, moveOnAfter, report, shield, sleep } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";
import { Closing } from "./closing.ts";
import { Interception } from "./incoming.ts";
import { type ShutdownOptions, type ShutdownPlan, toShutdownPlan } from "./options.ts";
import { RunningRequests } from "./running-requests.ts";

export type { ShutdownOptions } from "./options.ts";

/** The outcome of a shutdown. Only requests that are operations are counted. */
export interface ShutdownReport {
  /** The requests that ran at the beginning or arrived later, and were not cancelled. */
  readonly finished: number;
  /** The requests that were cancelled, or whose client left. */
  readonly cancelled: number;
  /** The requests whose handlers had not ended after `grace`. */
  readonly abandoned: number;
  /** In milliseconds. */
  readonly durationMs: number;
}

/** How often connections are looked at that no event tells about, in ms. */
const sweepEvery = 50;

/** The time in which connections that were destroyed tell that they are closed, in ms. */
const closeWithin = 1_000;

const running = new WeakMap<Server, Promise<ShutdownReport>>();

/**
 * Shuts a server down: it stops accepting connections, lets the running requests finish within `drain`, cancels the others
 * with the reason `shutdown`, waits for their clean-up within `grace`, and closes all connections. Connections that no
 * request uses are closed at once, and the answers of the others say `Connection: close`.
 *
 * The call runs in a shield, so it can be the clean-up of a program that a signal has cancelled. Close what the requests use,
 * such as a pool, after it. A second call for the same server, while the first one runs, returns its promise;
 * the options of the second call have no effect then.
 *
 * A cancelled request must be an operation, by the integration of the server's framework. Other requests are waited for within
 * `drain`, and their connections are closed then.
 *
 * @param server A server of `node:http`, `node:https` or `node:http2`. For Fastify this is `app.server`.
 * @throws TypeError or RangeError for a wrong argument.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { once } from "node:events";
 * import { gracefulShutdown } from "@hother/cancelable-integrations/shutdown";
 *
 * const server = createServer((_request, response) => response.end("hello"));
 * await once(server.listen(0, "127.0.0.1"), "listening");
 * const { durationMs } = await gracefulShutdown(server, { drain: { seconds: 10 } });
 * console.assert(durationMs < 10_000 && !server.listening);
 * ```
 */
export function gracefulShutdown(server: Server, options?: ShutdownOptions): Promise<ShutdownReport> {
  if (typeof (server as Partial<Server> | null)?.close !== "function" || !("listening" in server))
    throw invalidType("server", "a server of node:http, node:https or node:http2", server);
  const plan = toShutdownPlan(options);
  let shutdown = running.get(server);
  if (shutdown === undefined) {
    shutdown = shield(() => shutDown(server, plan)).finally(() => running.delete(server));
    running.set(server, shutdown);
  }
  return shutdown;
}

async function shutDown(server: Server, plan: ShutdownPlan): Promise<ShutdownReport> {
  const began = getBackend().now();
  const closing = new Closing(server);
  const requests = new RunningRequests(server, () => setImmediate(sweep));
  const sweep = (): void => {
    requests.look();
    closing.sweep();
  };
  const intercepting = new Interception(server, plan, (operation) => requests.add(operation));
  if (plan.delay > 0) await sleep(plan.delay);
  closing.begin();
  sweep();
  const sweeping = setInterval(sweep, sweepEvery);
  let abandoned = 0;
  try {
    const drained = await moveOnAfter(plan.drain, async () => {
      await requests.empty();
      return closing.whenClosed();
    });
    if (drained !== true) {
      intercepting.refuse = true;
      requests.cancel();
      await moveOnAfter(plan.grace, () => requests.empty());
      abandoned = requests.size;
    }
    closing.destroy();
    if ((await moveOnAfter(closeWithin, () => closing.whenClosed())) !== true)
      report(
        new Error(
          "connections of the server are still open; import gracefulShutdown before the server listens, so that it knows them",
        ),
        "gracefulShutdown",
      );
  } finally {
    clearInterval(sweeping);
    intercepting[Symbol.dispose]();
  }
  const { finished, cancelled } = requests.counts;
  return { finished, cancelled, abandoned, durationMs: getBackend().now() - began };
}

// @ts-check
/*
 * Two services on loopback. The gateway asks the store for each request, and the store asks its database. The time that is left
 * travels with the request, and so does the news that the client has left: the gateway's operation is cancelled, its request to
 * the store ends, the store's operation is cancelled as well, and the server of the database ends the statement.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable } from "@hother/cancelable";
import { fetch } from "@hother/cancelable-integrations/fetch";
import { requestListener } from "@hother/cancelable-integrations/node-http";
import { traceContext } from "@hother/cancelable-integrations/otel";
import { tracesOf } from "./traces.mjs";

/** How many requests of a service ended in each way. */
export class Ends {
  running = 0;
  answered = 0;
  left = 0;
  late = 0;
  stopped = 0;
  failed = 0;

  /** @param {import("@hother/cancelable-integrations/node-http").RequestEnd<import("node:http").IncomingMessage>} end */
  count({ reason, status }) {
    this.running--;
    if (reason === "disconnect") this.left++;
    else if (reason === "shutdown") this.stopped++;
    else if (status === 504) this.late++;
    else if (status < 500) this.answered++;
    else this.failed++;
  }
}

/** The time that a query takes, in ms: most are quick, some are slow. @param {string} id */
const queryMs = (id) => (Number(id) % 10 < 7 ? 10 + (Number(id) % 7) * 12 : 200 + (Number(id) % 13) * 40);

/** The last part of a path. @param {import("node:http").IncomingMessage} request */
const idOf = ({ url = "" }) => url.slice(url.lastIndexOf("/") + 1);

/** The request belongs to the trace of its client. @param {import("node:http").IncomingMessage} request */
const traceOf = ({ headers: { traceparent } }) => ({ traceparent });

/**
 * The service that holds the data. It trusts the deadlines of callers on this machine.
 *
 * @param {import("./database.mjs").Database} database
 */
export async function startStore(database) {
  const ends = new Ends();
  const traces = tracesOf("store");
  const server = createServer(
    requestListener(
      async (request, response) => {
        ends.running++;
        const id = idOf(request);
        const query = new Cancellable({ name: "query stock", register: traces.operations });
        const stock = await query.run(() => database.stockOf(id, queryMs(id)));
        response.end(JSON.stringify(stock));
      },
      {
        route: () => "/stock/:id",
        timeout: { seconds: 2 },
        callerDeadline: { trust: ["127.0.0.1"], hopBudget: 5 },
        register: traces.requests,
        metadata: traceOf,
        onEnd: (end) => ends.count(end),
      },
    ),
  );
  return { server, url: await listen(server), ends };
}

/**
 * The service that clients call. A request may take 400 ms. Each order gets an invoice, unless its client leaves.
 *
 * @param {string} store The address of the store.
 * @param {import("./invoices.mjs").Invoices | undefined} invoices
 */
export async function startGateway(store, invoices) {
  const ends = new Ends();
  const traces = tracesOf("gateway");
  const server = createServer(
    requestListener(
      async (request, response) => {
        ends.running++;
        await invoices?.order(idOf(request));
        const stock = await fetch(`${store}/stock/${idOf(request)}`, { headers: traceContext() });
        response.statusCode = stock.status;
        response.end(await stock.text());
      },
      {
        route: () => "/orders/:id",
        timeout: 400,
        register: traces.requests,
        metadata: traceOf,
        onEnd: (end) => {
          ends.count(end);
          if (end.reason === "disconnect") invoices?.cancel(idOf(end.request));
        },
      },
    ),
  );
  return { server, url: await listen(server), ends };
}

/** @param {import("node:http").Server} server */
async function listen(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return `http://127.0.0.1:${port}`;
}

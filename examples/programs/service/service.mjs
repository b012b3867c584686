// @ts-check
// The service: each request is an operation, with a limit, which ends when its client leaves and when the service stops.
import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { shield, sleepForever } from "@hother/cancelable";
import { requestListener } from "@hother/cancelable-integrations/node-http";
import { gracefulShutdown } from "@hother/cancelable-integrations/shutdown";

const note = /^\/notes\/([a-z0-9-]+)$/;
/** The pattern of the path, which names the operation. @param {import("node:http").IncomingMessage} request */
const routeOf = ({ url = "/" }) =>
  note.test(url) ? "/notes/:name" : /** @type {string} */ (url.split("?")[0]);

/**
 * @typedef {object} ServiceOptions
 * @property {number} [port] Default: a free one.
 * @property {number} [drain] How long running requests may finish at the end, in ms. Default: 1 s.
 * @property {(url: string) => void} [onReady]
 * @property {() => void} [onExport] Called when an export begins, for the clients of this example.
 */

/**
 * Serves until its scope is cancelled. Then the running requests may finish for `drain`, and the others are cancelled.
 *
 * @param {import("./store.mjs").NoteStore} store
 * @param {ServiceOptions} [options]
 */
export async function serve(store, { port = 0, drain = 1_000, onReady, onExport } = {}) {
  /** @type {Parameters<typeof requestListener>[0]} */
  const answer = async (request, response, operation) => {
    const { method, url = "/" } = request;
    const name = note.exec(url)?.[1];
    if (method === "POST" && name !== undefined) {
      await store.append(name, await text(request));
      response.writeHead(204).end();
    } else if (method === "GET" && name !== undefined) {
      const found = await store.get(name);
      response.writeHead(found === undefined ? 404 : 200).end(found);
    } else if (url.startsWith("/search?")) {
      operation.limit({ seconds: 5 });
      response.end((await store.search(new URLSearchParams(url.slice(8)).get("text") ?? "")).join());
    } else if (url === "/report") {
      operation.limit(50); // stands for a slow query
      await sleepForever();
    } else if (url === "/export") {
      onExport?.(); // stands for an export of an hour
      await sleepForever();
    } else response.writeHead(404).end();
  };
  const server = createServer(
    requestListener(answer, {
      timeout: { seconds: 30 },
      route: routeOf,
      onEnd: ({ name, status, sent, reason }) =>
        console.error(`${name}: ${status} ${sent ?? ""} ${reason ?? ""}`.trimEnd()),
    }),
  );
  await once(server.listen(port, "127.0.0.1"), "listening");
  const address = /** @type {import("node:net").AddressInfo} */ (server.address());
  onReady?.(`http://127.0.0.1:${address.port}`);
  try {
    await sleepForever();
  } finally {
    await shield(
      async () => {
        const { finished, cancelled } = await gracefulShutdown(server, { drain });
        console.error(`stopped: ${finished} finished, ${cancelled} cancelled`);
      },
      { timeout: { seconds: 30 } },
    );
  }
}

// @ts-check
/*
 * An HTTP server on loopback that sends real files, each at its own speed.
 *
 * A request is an operation, which is cancelled when the client disconnects. Then its sleep rejects and its loop ends.
 * The requests are no children of the operation that started the server (`parent: null`). When the downloads are
 * cancelled, their closed connections end the requests.
 */
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Cancellable, CancelScope, isCancellation, map, waitFor } from "@hother/cancelable";
import { sha256 } from "./hash.mjs";

/** @typedef {import("./files.mjs").DemoFile} DemoFile */
/** @typedef {{ url: string, connections: number, close: () => Promise<number> }} DemoServer */

/** The time between two sent pieces. */
const tickMs = 40;
/** How long the server waits for clients to disconnect before it closes their connections. */
const disconnectMs = 3_000;

/**
 * Serves the files in `folder`.
 *
 * @param {readonly DemoFile[]} files
 * @param {string} folder
 * @returns {Promise<DemoServer>}
 */
export async function startServer(files, folder) {
  /** @type {Map<string, { file: DemoFile, path: string, digest: string }>} */
  const shelf = new Map();
  await map(files, async (file) => {
    const path = join(folder, file.name);
    shelf.set(`/${file.name}`, { file, path, digest: await sha256(path) });
  });

  /** @type {Set<Promise<unknown>>} */
  const requests = new Set();
  const server = createServer((request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const wanted = shelf.get(request.url ?? "");
    if (wanted === undefined) {
      response.writeHead(404).end("no such file\n");
      return;
    }
    const answer = Cancellable.withAbortSignal(gone.signal, { name: `GET ${request.url}`, parent: null })
      .run((op) => send(op, response, wanted))
      .catch((error) => {
        if (!isCancellation(error)) response.destroy(error);
      })
      .finally(() => requests.delete(answer));
    requests.add(answer);
  });

  server.listen(0, "127.0.0.1");
  await waitFor(once(server, "listening"));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

  const state = {
    url: `http://127.0.0.1:${port}`,
    connections: 0,
    /**
     * Closes the server when the clients have disconnected. Closes the connections of the other clients, and resolves
     * with their number.
     */
    async close() {
      const closed = once(server, "close");
      server.close();
      let left = 0;
      const waiting = new CancelScope({ timeout: disconnectMs });
      await waiting.run(() => waitFor(closed));
      if (waiting.cancelledCaught) {
        left = await new Promise((resolve, reject) => {
          server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
        });
        server.closeAllConnections();
        await closed;
      }
      await Promise.all(requests);
      return left;
    },
  };
  server.on("connection", () => {
    state.connections++;
  });
  return state;
}

/**
 * @param {Cancellable} op
 * @param {import("node:http").ServerResponse} response
 * @param {{ file: DemoFile, path: string, digest: string }} wanted
 */
async function send(op, response, { file, path, digest }) {
  if (file.trouble === "error") {
    await op.sleep(400);
    response.writeHead(500, { connection: "close" }).end("the disk is on fire\n");
    return;
  }
  response.writeHead(200, { "content-length": file.size, "x-sha256": digest, connection: "close" });
  if (file.size <= 64_000) {
    response.end(await readFile(path));
    return;
  }
  const end = file.trouble === "stall" ? 0.4 * file.size : file.size;
  const source = await open(path);
  try {
    const start = performance.now();
    for (let sent = 0; sent < end; ) {
      await op.sleep(tickMs);
      const due = Math.min(end, (file.speed * (performance.now() - start)) / 1_000) - sent;
      const { bytesRead, buffer } = await source.read(Buffer.alloc(Math.ceil(due)), 0, Math.ceil(due), sent);
      if (file.trouble === "damage" && sent === 0) buffer.writeUInt8(buffer.readUInt8(0) ^ 1, 0);
      sent += bytesRead;
      if (!response.write(buffer.subarray(0, bytesRead)))
        await once(response, "drain", { signal: op.signal });
    }
    // A stalled server sends nothing and does not close the connection. The client has to close it.
    if (file.trouble === "stall") await op.sleep(null);
    response.end();
  } finally {
    await source.close();
  }
}

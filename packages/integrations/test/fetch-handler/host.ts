/* Runs a fetch handler on the host of the tests: Bun.serve, Deno.serve, or an adapter on Node. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";

/** What the tests use of Bun and Deno, which have no types here. */
interface OtherHosts {
  readonly Bun?: {
    serve(options: { port: number; hostname: string; idleTimeout?: number; fetch: ServerFetch }): {
      readonly port: number;
      stop(closeActive: boolean): Promise<void>;
    };
  };
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen(): void; onError(error: unknown): Response },
      handler: ServerFetch,
    ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  };
}

export type ServerFetch = (request: Request, ...host: never[]) => Response | Promise<Response>;

export interface Served {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const { Bun: bun, Deno: deno } = globalThis as OtherHosts; // the globals of the hosts

export const hostName: "Bun" | "Deno" | "Node" = bun ? "Bun" : deno ? "Deno" : "Node";

/** The rows of the common tests that differ on Bun and Deno. */
export const hostDifferences: Readonly<Record<string, string>> = {
  ...(hostName !== "Node" && {
    "three pipelined requests": `${hostName} calls the handler for the first one only, until it is answered`,
  }),
  ...(hostName === "Deno" && {
    "a client whose body stalls": "the handler's read ends only when the client goes on or leaves",
  }),
};

/** Serves on a free port of the loopback address. */
export async function serve(fetch: ServerFetch): Promise<Served> {
  if (bun !== undefined) {
    const server = bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch });
    return at(server.port, () => server.stop(true));
  }
  if (deno !== undefined) {
    const server = deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {}, onError: () => new Response(null, { status: 500 }) },
      fetch,
    );
    return at(server.addr.port, () => server.shutdown());
  }
  return serveOnNode(fetch);
}

/** Serves by `@hono/node-server`. */
export async function serveOnNode(fetch: ServerFetch): Promise<Served> {
  const listener = getRequestListener(fetch as (request: Request) => Promise<Response>, {
    overrideGlobalObjects: false,
  });
  // A client of the tests can be idle for long on a loaded machine.
  const server = createServer({ keepAliveTimeout: 120_000 }, listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  return at((server.address() as AddressInfo).port, async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
}

const at = (port: number, close: () => Promise<void>): Served => ({
  url: `http://127.0.0.1:${port}`,
  port,
  close,
});

import { setReporter } from "@hother/cancelable";
import { onTestFinished } from "vitest";
import type { RequestEnd } from "../../src/http/request-end.ts";
import type { RequestOptions } from "../../src/http/request-options.ts";
import type { Client } from "./answer.ts";
import type { Call, Host, Reply, Route, Started } from "./host.ts";
import { http2Client } from "./http2-client.ts";
import { http1Client } from "./raw-connection.ts";

/** A value list that tests can wait for. */
class Arrivals<T> {
  readonly items: T[] = [];
  readonly #waiting: Array<() => void> = [];
  add(item: T): void {
    this.items.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  }
  /** Waits until there are at least `count`. */
  async atLeast(count: number): Promise<readonly T[]> {
    while (this.items.length < count) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.items;
  }
}

/** An application that runs until the end of the test. */
export interface Served {
  readonly port: number;
  readonly client: Client;
  /** Waits until the handlers have been called `count` times. */
  calls(count: number): Promise<readonly Call[]>;
  /** Waits until `count` requests are over, and gives them in the order of their ends. */
  ends(count: number): Promise<ReadonlyArray<RequestEnd<unknown>>>;
  /** What the library has reported. */
  readonly reports: ReadonlyArray<{ readonly error: unknown; readonly source: string }>;
  /** What the framework has logged as an error. */
  readonly errors: readonly unknown[];
}

/** Runs routes on a host. */
export async function serveRoutes(
  host: Host,
  routes: readonly Route[],
  options?: RequestOptions<unknown>,
): Promise<Served> {
  const calls = new Arrivals<Call>();
  const ends = new Arrivals<RequestEnd<unknown>>();
  const reports: Array<{ error: unknown; source: string }> = [];
  const before = setReporter((error, source) => reports.push({ error, source }));
  const started: Started = await host.start({
    routes: routes.map((route) => ({
      ...route,
      handle: (call) => {
        calls.add(call);
        return route.handle(call);
      },
    })),
    options: { ...options, onEnd: (end) => ends.add(end) },
  });
  const client = host.protocol === "http1" ? http1Client(started.port) : http2Client(started.port);
  onTestFinished(async () => {
    client.close();
    await started.close();
    setReporter(before);
  });
  return {
    port: started.port,
    client,
    calls: (count) => calls.atLeast(count),
    ends: (count) => ends.atLeast(count),
    reports,
    errors: started.errors,
  };
}

/** Runs one handler on a host, as `GET`, `HEAD` and `POST /things/:id`. */
export function serve(
  host: Host,
  handle: (call: Call) => Promise<Reply>,
  options?: RequestOptions<unknown>,
): Promise<Served> {
  const methods = ["GET", "HEAD", "POST"] as const;
  return serveRoutes(
    host,
    methods.map((method) => ({ method, pattern: "/things/:id", handle })),
    options,
  );
}

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setReporter } from "@hother/cancelable";
import type { Express, Request } from "express";
import { onTestFinished, vi } from "vitest";
import type { RequestEnd, RequestOptions } from "../../src/express/index.ts";

/** A running application of Express. */
export interface Served {
  readonly url: string;
  readonly ends: ReadonlyArray<RequestEnd<Request>>;
  /** What Express has written to the console. */
  readonly logged: readonly unknown[];
  /** What the library has reported. */
  readonly reports: readonly unknown[];
}

/** Runs an application until the end of the test. `make` gets options that keep the ends of the requests. */
export async function serve(make: (options: RequestOptions<Request>) => Express): Promise<Served> {
  const ends: Array<RequestEnd<Request>> = [];
  const logged: unknown[] = [];
  const reports: unknown[] = [];
  const console = vi.spyOn(globalThis.console, "error").mockImplementation((line) => void logged.push(line));
  const before = setReporter((error) => reports.push(error));
  const app = make({ onEnd: (end) => ends.push(end) });
  app.set("env", "development"); // in "test", Express logs nothing
  const server = createServer(app);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    setReporter(before);
    console.mockRestore();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ends, logged, reports };
}

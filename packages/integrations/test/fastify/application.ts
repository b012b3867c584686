import type { AddressInfo } from "node:net";
import { type FastifyInstance, type FastifyRequest, type FastifyServerOptions, fastify } from "fastify";
import { onTestFinished } from "vitest";
import { type CancelableOptions, cancelable, type RequestEnd } from "../../src/fastify/index.ts";
import { RawConnection, requestText } from "../server-kit/raw-connection.ts";

/** A line of the log of Fastify. */
export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly operation?: string;
  readonly statusCode?: number;
}

/** An application of Fastify with the plugin. It is closed at the end of the test. */
export class Application {
  readonly app: FastifyInstance;
  /** The lines of the log, from level info. */
  readonly lines: LogLine[] = [];
  readonly #ends: Array<RequestEnd<FastifyRequest>> = [];
  #wake: () => void = () => {};

  private constructor(options: FastifyServerOptions) {
    const stream = { write: (line: string) => void this.lines.push(JSON.parse(line)) };
    this.app = fastify({ logger: { level: "info", stream }, forceCloseConnections: true, ...options });
    onTestFinished(() => this.app.close());
  }

  static async start(options?: CancelableOptions, ofServer: FastifyServerOptions = {}): Promise<Application> {
    const application = new Application(ofServer);
    await application.app.register(cancelable, {
      ...options,
      onEnd(end) {
        application.#ends.push(end);
        application.#wake();
      },
    });
    return application;
  }

  /** Waits for the end of `count` requests. Returns the last one. */
  async end(count = 1): Promise<RequestEnd<FastifyRequest>> {
    while (this.#ends.length < count)
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    return this.#ends[count - 1] as RequestEnd<FastifyRequest>; // waited for above
  }

  /** Listens, and opens a connection. */
  async connect(): Promise<RawConnection> {
    if (!this.app.server.listening) await this.app.listen({ port: 0, host: "127.0.0.1" });
    const connection = await RawConnection.open((this.app.server.address() as AddressInfo).port);
    onTestFinished(() => void connection.socket.destroy());
    return connection;
  }

  /** Sends a request on a connection of its own. */
  async send(...request: Parameters<typeof requestText>): Promise<RawConnection> {
    const connection = await this.connect();
    await connection.send(requestText(...request));
    return connection;
  }

  /** The lines of the log that are warnings or errors. */
  get problems(): readonly LogLine[] {
    return this.lines.filter(({ level }) => level > 30);
  }
}

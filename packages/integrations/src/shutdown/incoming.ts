import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:net";
import { type Cancellable, report } from "@hother/cancelable";
import { shutdownAnswer } from "../http/answer.ts";
import { takenBy } from "../http/taken.ts";
import type { ServerSocket } from "./open-connections.ts";
import type { ShutdownPlan } from "./options.ts";

/**
 * Looks at the requests that arrive while a server shuts down, before the server's own listeners do. It answers health checks,
 * and the others too if they are refused. The others are the last ones on their connections.
 */
export class Interception implements Disposable {
  /** Whether every request is answered with 503. */
  refuse: boolean;
  readonly #server: Server;
  /** The server's own `emit`, if it had one. */
  readonly #before: PropertyDescriptor | undefined;

  /** @param arrived Is called with the operation of each request that the server has begun to handle. */
  constructor(server: Server, plan: ShutdownPlan, arrived: (operation: Cancellable) => void) {
    this.refuse = plan.refuse;
    this.#server = server;
    this.#before = Object.getOwnPropertyDescriptor(server, "emit");
    const emit = server.emit;
    const takes = (args: readonly unknown[]): boolean => {
      const [request, response] = args as readonly [IncomingMessage, ServerResponse]; // the arguments of these events
      // A request that was pipelined: the answer before it must not close the connection.
      const current = (request.socket as ServerSocket)._httpMessage;
      if (current && !current.headersSent) current.shouldKeepAlive = true;
      response.shouldKeepAlive = false;
      if (!this.refuse && !isHealthCheck(plan, request)) return false;
      answer(response, plan.retryAfter);
      return true;
    };
    // A listener cannot keep the other listeners from being called.
    server.emit = function (this: Server, event: string, ...args: unknown[]): boolean {
      const isRequest = event === "request" || event === "checkContinue" || event === "checkExpectation";
      if (isRequest && takes(args)) return true;
      const result = Reflect.apply(emit, this, [event, ...args]) as boolean; // the result of emit
      const operation = isRequest ? takenBy(args[0] as IncomingMessage) : undefined; // the argument of these events
      if (operation !== undefined) arrived(operation);
      return result;
    } as Server["emit"];
  }

  [Symbol.dispose](): void {
    if (this.#before === undefined) Reflect.deleteProperty(this.#server, "emit");
    else Object.defineProperty(this.#server, "emit", this.#before);
  }
}

function isHealthCheck(plan: ShutdownPlan, request: IncomingMessage): boolean {
  try {
    return plan.isHealthCheck(request);
  } catch (error) {
    report(error, "options.health");
    return false;
  }
}

function answer(response: ServerResponse, retryAfter: number): void {
  const { status, headers, body } = shutdownAnswer(retryAfter);
  response.writeHead(status, headers);
  response.end(body);
}

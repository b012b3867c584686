/// <reference lib="esnext.disposable" preserve="true" />
import { Agent, type ClientRequest } from "node:http";
import { currentScope, UsageError } from "@hother/cancelable";
import { requireKnownOptions } from "@hother/cancelable/extending";
import { type OutgoingDeadlineOptions, toOutgoingHeader } from "../http/outgoing-deadline.ts";
import { FollowedRequest } from "./followed-request.ts";

export type { DeadlineFormat, DeadlineHeader } from "../http/deadline-header.ts";
export type { OutgoingDeadlineOptions } from "../http/outgoing-deadline.ts";

type AddRequest = (this: Agent, request: ClientRequest, ...rest: unknown[]) => void;

/** Not in the types of Node. `https.Agent` inherits it. Agents of other libraries call it. */
const prototype = Agent.prototype as unknown as { addRequest: AddRequest };

/**
 * Makes every request of `node:http` and `node:https` that is made in a scope end with the scope, also in code that does not
 * know this library, such as `@aws-sdk/client-s3`. This function replaces `http.Agent.prototype.addRequest`, and nothing is
 * patched unless it is called. Disposing of the result undoes it.
 *
 * When the scope is cancelled, a request that waits in a queue, for headers or for its body fails with the cancellation, and
 * its socket is closed. A cancelled scope sends nothing. Requests carry the deadline of the scope in a header. Requests
 * outside of every scope are not touched.
 *
 * Requests without an agent, and agents with an `addRequest` of their own, are not reached. A request with `Expect:
 * 100-continue`, or with its headers in an array, carries no deadline: its headers are written when the patch sees it.
 *
 * @throws TypeError for a wrong option. UsageError `ERR_UNSUPPORTED_HOST` if the agents of the host have no `addRequest`.
 * @example
 * ```ts
 * import { moveOnAfter } from "@hother/cancelable";
 * import { patchHttpAgents } from "@hother/cancelable-integrations/node-client";
 * import { createServer, get } from "node:http";
 *
 * const server = createServer(() => {}).listen(0, "127.0.0.1"); // never answers
 * await new Promise((resolve) => server.once("listening", resolve));
 * const { port } = server.address() as { port: number };
 *
 * const patch = patchHttpAgents();
 * await moveOnAfter(50, () => new Promise((_, reject) => get({ port }).on("error", reject)));
 * patch[Symbol.dispose]();
 * server.close(); // no connection is left
 * ```
 */
export function patchHttpAgents(options?: OutgoingDeadlineOptions): Disposable {
  requireKnownOptions(options, { deadlineHeader: 1 }, "patchHttpAgents");
  const header = toOutgoingHeader(options);
  const before = prototype.addRequest as AddRequest | undefined;
  if (typeof before !== "function")
    throw new UsageError("ERR_UNSUPPORTED_HOST", "patchHttpAgents()", "http.Agent has no addRequest");
  let isOn = true;
  const addRequest: AddRequest = function addRequest(request, ...rest) {
    // An agent can hand a request on to another agent.
    const isNew = isOn && !followed.has(request) && !currentScope().isRoot;
    if (isNew) {
      followed.add(request);
      if (new FollowedRequest(request, header).isRefused) return;
    }
    before.call(this, request, ...rest);
  };
  prototype.addRequest = addRequest;
  return {
    [Symbol.dispose]() {
      isOn = false;
      // Code that has replaced the method since then keeps its own, which calls this one.
      if (prototype.addRequest === addRequest) prototype.addRequest = before;
    },
  };
}

const followed = new WeakSet<ClientRequest>();

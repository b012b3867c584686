import { bind, type Cancellable, currentOperation, currentScope, report } from "@hother/cancelable";
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import { timeLeft } from "../http/deadline-header.ts";
import { requestSignal } from "../http/request-signal.ts";
import { untilAborted } from "../model/until-aborted.ts";
import { cancellationNearDeadline } from "../scope/near-deadline.ts";
import type { McpPeer, McpProgress, McpRequest, McpRequestOptions } from "./peer.ts";
import { textOf } from "./reason-text.ts";
import { withTimeLeft } from "./time-left.ts";

/** The longest time that a timer can wait, in ms. */
const longest = 2 ** 31 - 1;

/** Sends a request that is cancelled with the ambient scope. The other side is told, with the reason. */
export async function sendRequest(
  send: McpPeer["request"],
  request: McpRequest,
  schema: unknown,
  options: McpRequestOptions = {},
  sendsTimeLeft: boolean,
): Promise<unknown> {
  const scope = currentScope();
  scope.check();
  const link = requestSignal(options.signal, "a request of MCP");
  const controller = new AbortController();
  // With a string: the SDK would write the text of an object.
  const cut = (): void => controller.abort(textOf(link.signal.reason));
  // Not handed to the SDK, which would end the request without telling the other side.
  const { maxTotalTimeout, ...rest } = options;
  const limit = new TotalLimit(maxTotalTimeout, controller);
  try {
    if (link.signal.aborted) throw link.signal.reason;
    const own = { ...rest, ...timeoutOf(options), ...progressOf(options), signal: controller.signal };
    const answer = send(sendsTimeLeft ? withTimeLeft(request) : request, schema, own);
    // The protocol forbids to cancel this request: its promise ends, and the other side is not told.
    if (request.method === "initialize")
      return await untilAborted(answer, link.signal, () => link.signal.reason);
    link.signal.addEventListener("abort", cut, { once: true });
    return await answer;
  } catch (error) {
    // The other side has the same deadline. Its answer can arrive before the timer of the scope has fired.
    if (sendsTimeLeft && isTimeout(error) && !controller.signal.aborted)
      throw (await cancellationNearDeadline(scope)) ?? error;
    throw limit.failure ?? toFailure(error, link.isCancelled, controller.signal, link.signal.reason);
  } finally {
    link.signal.removeEventListener("abort", cut);
    limit[Symbol.dispose]();
    link[Symbol.dispose]();
  }
}

function isTimeout(error: unknown): boolean {
  return (error as Partial<McpError> | null | undefined)?.code === ErrorCode.RequestTimeout;
}

/** The error for the caller. An error of the other side that arrived first stays. */
function toFailure(error: unknown, isCancelled: boolean, cut: AbortSignal, reason: unknown): unknown {
  const { code, message } = (error ?? {}) as Partial<McpError>; // the reason of the user's signal can be null
  const isOurs = cut.aborted && code === ErrorCode.RequestTimeout && message?.endsWith(cut.reason as string);
  if (!isOurs) return error;
  return isCancelled ? reason : Object.assign(error as McpError, { cause: reason });
}

/** A deadline of the scope takes the place of the 60 s of the SDK. The scope itself ends the request, with its own error. */
function timeoutOf({ timeout }: McpRequestOptions): { readonly timeout?: number } {
  return timeout === undefined && timeLeft() !== Number.POSITIVE_INFINITY ? { timeout: longest } : {};
}

/** Makes progress go to the operation of the call, too. Without a listener the other side sends none. */
function progressOf({
  onprogress,
  resetTimeoutOnProgress,
}: McpRequestOptions): Pick<McpRequestOptions, "onprogress"> {
  const operation = currentOperation();
  if (operation === undefined && onprogress === undefined && resetTimeoutOnProgress !== true) return {};
  const listener = onprogress && bind(onprogress);
  return {
    onprogress: (progress) => {
      if (operation !== undefined) reportTo(operation, progress);
      listener?.(progress);
    },
  };
}

function reportTo(operation: Cancellable, { progress, total, message }: McpProgress): void {
  if (operation.context.isTerminal) return;
  try {
    operation.reportProgress({ current: progress, total, message });
  } catch (error) {
    // Numbers that the other side has made up.
    report(error, "progress of an MCP request");
  }
}

/** The limit for all of a request. The SDK looks at it when progress arrives, and not before. */
class TotalLimit implements Disposable {
  failure: McpError | undefined;
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(maxTotalTimeout: number | undefined, controller: AbortController) {
    if (maxTotalTimeout === undefined || !(maxTotalTimeout > 0) || maxTotalTimeout > longest) return;
    const begun = performance.now();
    this.#timer = setTimeout(() => {
      const text = "Maximum total timeout exceeded";
      const totalElapsed = Math.round(performance.now() - begun);
      if (controller.signal.aborted) return;
      this.failure = new McpError(ErrorCode.RequestTimeout, text, { maxTotalTimeout, totalElapsed });
      controller.abort(`timeout: ${text}`);
    }, maxTotalTimeout);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

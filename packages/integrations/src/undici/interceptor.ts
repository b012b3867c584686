import { currentScope } from "@hother/cancelable";
import type { KnownDeadlineHeader } from "../http/deadline-header.ts";
import { SentDeadline } from "../http/sent-deadline.ts";
import type { Dispatch, RequestOptions } from "./dispatch.ts";
import { followHandler } from "./followed-handlers.ts";
import { catchHeaders } from "./made-request.ts";
import { nameIn, toHeaderObject } from "./request-headers.ts";

/** The SDKs that Stainless generates (OpenAI, Anthropic and others) send this header, and try again after an error of `fetch`. */
const sdkHeader = "x-stainless-retry-count";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** A `dispatch` whose requests end with the ambient scope of the caller, and carry its deadline. */
export function followRequests(dispatch: Dispatch, header: KnownDeadlineHeader | undefined): Dispatch {
  return (options, handler) => {
    // undici itself refuses what is no object.
    if (currentScope().isRoot || !isObject(options) || !isObject(handler)) return dispatch(options, handler);
    const headers = toHeaderObject(options.headers);
    if (headers === undefined) return dispatch(options, handler); // refused by undici, too
    const deadline = new SentDeadline(header);
    const followed = followHandler(handler, {
      deadline,
      answersFirst: nameIn(headers, sdkHeader) !== undefined,
    });
    // The handler hears of it from the scope.
    const left = deadline.left();
    if (left < 1) return true;
    const name = header && (nameIn(headers, header.name) ?? header.name);
    // An iterator of the caller has been read to its end, so the headers are handed on as an object.
    const copy: RequestOptions = { ...options, headers };
    if (name === undefined || deadline.value(left, headers[name]) === undefined)
      return dispatch(copy, followed.handler);
    // A getter: a dispatcher that tries again reads the value again.
    Object.defineProperty(headers, name, {
      enumerable: true,
      configurable: true,
      get: () => deadline.value(deadline.left()),
    });
    let isReady = true;
    followed.request.headers = catchHeaders(() => {
      isReady = dispatch(copy, followed.handler);
    });
    return isReady;
  };
}

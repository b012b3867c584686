import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";

/** The methods of a response that change or send it. */
const methods = {
  nothing: ["removeHeader", "flushHeaders", "writeContinue", "writeProcessing", "addTrailers", "setTrailer"],
  itself: ["setHeader", "setHeaders", "appendHeader", "writeHead"],
  /** Their last argument can be a callback, which waits for the end of the write. */
  later: ["write", "end", "writeEarlyHints", "writeInformation", "createPushResponse"],
} as const;

/** A response of `node:http` or `node:http2`. Some methods exist in one of them, or in new versions of Node. */
type Response = {
  [name in (typeof methods)[keyof typeof methods][number]]?: unknown;
};

/**
 * Makes a response ignore everything that is written from now on, because it has been answered in the handler's place. The
 * handler does not know: without this, its `setHeader` would throw, and its `write` would be an error without a listener.
 */
export function mute(response: ServerResponse | Http2ServerResponse): void {
  const muted: Response = response;
  for (const name of methods.nothing) muted[name] = () => {};
  for (const name of methods.itself) muted[name] = () => response;
  for (const name of methods.later)
    muted[name] = (...args: readonly unknown[]) => {
      const callback = args.at(-1);
      if (typeof callback === "function") queueMicrotask(callback as () => void); // as Node calls it after a write
      return name === "write" ? true : response;
    };
}

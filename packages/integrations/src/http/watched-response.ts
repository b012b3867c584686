import type { ServerResponse } from "node:http";

/** Is told about the end of a response. */
export interface ResponseWatcher {
  /** Code of the server destroys the response. */
  breaksOff(error: Error | undefined): void;
  /** The response has closed. */
  connectionClosed(): void;
}

/** Where a response keeps its watcher. */
const key = Symbol("@hother/cancelable-integrations.exchange");

interface Watched extends ServerResponse {
  [key]?: ResponseWatcher;
}

/**
 * Tells `watcher` when the response closes, and when code of the server destroys it, for example because the source of the
 * answer has failed. Without the latter, the end looks as if the client had left.
 */
export function watchResponse(response: ServerResponse, watcher: ResponseWatcher): void {
  (response as Watched)[key] = watcher; // the symbol is known to this file only
  response.destroy = destroyWatched;
  response.on("close", closed);
}

function closed(this: Watched): void {
  this[key]?.connectionClosed();
}

function destroyWatched(this: Watched, error?: Error): ServerResponse {
  this[key]?.breaksOff(error);
  const { destroy } = Object.getPrototypeOf(this) as ServerResponse; // the class of the response
  return destroy.call(this, error);
}

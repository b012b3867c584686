/** The used members of a stream of Node. */
export interface NodeStream {
  once(event: "close", listener: () => void): unknown;
  listenerCount(event: "error"): number;
  destroy(error?: Error): unknown;
}

/**
 * Ends a stream of Node with `error`. An error that no code listens to would end the process; such a stream ends without it,
 * and a later reader sees a premature close.
 */
export function endStream(stream: NodeStream, error: unknown): void {
  // The reason of a caller's signal can be anything. A stream takes errors only.
  if (stream.listenerCount("error") > 0 && error instanceof Error) stream.destroy(error);
  else stream.destroy();
}

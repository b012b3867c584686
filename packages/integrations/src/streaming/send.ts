import { type Source, toBytes } from "./source.ts";

/** The part of a response of `node:http` and `node:http2` that is used here. */
export interface NodeResponse {
  readonly headersSent: boolean;
  readonly writableEnded: boolean;
  readonly destroyed?: boolean;
  /** Of `node:http2`. */
  readonly stream?: { readonly destroyed: boolean };
  readonly req?: { readonly method?: string | undefined };
  setHeader(name: string, value: string): unknown;
  flushHeaders(): void;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  destroy(error?: Error): unknown;
  on(event: "close" | "drain", listener: () => void): unknown;
  off(event: "close" | "drain", listener: () => void): unknown;
}

/**
 * Writes a source to a response of Node, which waits where the client is slow.
 *
 * @returns when the answer was written, or when the client has left or the request was cancelled.
 */
export async function send(response: NodeResponse, source: Source<unknown>): Promise<void> {
  // The request was answered in the handler's place, or the client has left.
  if (response.writableEnded || response.destroyed === true || response.stream?.destroyed === true) return;
  let isClosed = false;
  let wake: () => void = ignore;
  const drained = () => wake();
  const closed = () => {
    isClosed = true;
    source.close();
    wake();
  };
  response.on("close", closed);
  response.on("drain", drained);
  try {
    response.flushHeaders();
    if (response.req?.method !== "HEAD") {
      for (;;) {
        const { done, value } = await source.next();
        if (isClosed) return;
        if (done === true) break;
        if (!response.write(toBytes(value)) && !isClosed)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    }
    response.end();
  } catch (error) {
    source.close();
    if (isClosed || source.isConsequence(error)) return;
    // Without this, an answer that has begun would end well, or never.
    response.destroy(error instanceof Error ? error : undefined);
    throw error;
  } finally {
    response.off("close", closed);
    response.off("drain", drained);
  }
}

function ignore(): void {}

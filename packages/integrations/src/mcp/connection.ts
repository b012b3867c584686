import { bind, report } from "@hother/cancelable";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";

/** One connection of a client or a server. */
export class Connection {
  /** Calls a function in the scope in which the connection was made. A transport can call in the scope of its other side. */
  readonly inScope: <T>(fn: () => T) => T = bind((fn) => fn());
  isClosed = false;

  /** Notes the end of a transport before the SDK does, because the SDK aborts all handlers without a reason then. */
  watch(transport: Transport): void {
    const { onclose } = transport;
    const stopWatching = closeWithInput(transport);
    transport.onclose = () => {
      this.isClosed = true;
      stopWatching();
      onclose?.();
    };
  }
}

interface InputStream {
  once(event: "end", listener: () => void): unknown;
  off(event: "end", listener: () => void): unknown;
}

/** Closes the server's transport over stdio at the end of its input. The transport itself does not listen for the end. */
function closeWithInput(transport: Transport): () => void {
  const { _stdin: input } = transport as { readonly _stdin?: Partial<InputStream> };
  if (typeof input?.once !== "function" || typeof input.off !== "function") return () => {};
  const close = (): void => {
    transport.close().catch((error: unknown) => report(error, "the close of an MCP transport"));
  };
  input.once("end", close);
  return () => input.off?.("end", close);
}

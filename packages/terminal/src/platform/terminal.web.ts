import type { TerminalStream } from "../terminal/stream.ts";
import { UsageError } from "../usage-error.ts";

export function standardOutput(): TerminalStream {
  throw new UsageError("ERR_UNSUPPORTED_HOST", "The standard output", "give options.stream");
}

/** No terminal here: what is written is plain lines. */
export function terminalEnvironment(): { readonly colour: boolean; readonly dumb: boolean } {
  return { colour: false, dumb: true };
}

export class Cursor implements Disposable {
  constructor(_stream: TerminalStream) {
    throw new UsageError("ERR_UNSUPPORTED_HOST", "A terminal");
  }
  hide(): void {}
  show(): void {}
  [Symbol.dispose](): void {}
}

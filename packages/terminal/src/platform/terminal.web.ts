import { UsageError } from "@hother/cancelable";
import type { Display } from "../display.ts";
import type { TerminalStream } from "../stream.ts";

export function standardOutput(): TerminalStream {
  throw new UsageError("ERR_UNSUPPORTED_HOST", "The standard output", "set options.stream");
}

/** Browsers have no terminal, so every stream gets plain lines. */
export function openScreen(_stream: TerminalStream): Display | undefined {
  return undefined;
}

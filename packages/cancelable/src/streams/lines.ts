import { requireKnownOptions } from "../known-options.ts";
import { currentNode } from "../scope/ambient.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { afterTurn } from "../scope/fair-turn.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { toUndelivered } from "./reading/stream-options.ts";
import { StreamReader } from "./reading/stream-reader.ts";
import { Undelivered } from "./reading/undelivered.ts";

/** The options of {@link lines}. */
export interface LinesOptions {
  /**
   * Called with every line that was pulled and that the reader did not get, and with the begun line, when reading was
   * cancelled or failed. Default: these lines are the partial result of the ambient operation, if there is one.
   */
  readonly onUndelivered?: ((line: string) => unknown) | undefined;
}

/**
 * The lines of a source of text, or of bytes in UTF-8, without the `\n` or `\r\n` at their ends. A last line without such
 * an end is a line too. Reading stops when the ambient scope is cancelled. The source is closed in every case.
 *
 * @throws TypeError for a bad argument, at once; reading rejects as `cancellableStream` does.
 *
 * @example
 * ```ts
 * import { lines } from "@hother/cancelable";
 *
 * const found: string[] = [];
 * for await (const line of lines(["one\ntw", "o\r\nthree"])) found.push(line);
 * console.assert(found.join() === "one,two,three");
 * ```
 */
export function lines(
  source: StreamInput<string | Uint8Array>,
  options?: LinesOptions,
): AsyncGenerator<string, undefined, undefined> {
  const input = toOpenableInput(source, "source");
  requireKnownOptions(options, { onUndelivered: 1 }, "lines");
  const rest = new Undelivered(toUndelivered(options));
  const reader = new StreamReader({ input });
  return withEarlyReturn(split(reader, rest), () => reader.close());
}

async function* split(reader: StreamReader, rest: Undelivered): AsyncGenerator<string, undefined, undefined> {
  const node = currentNode();
  rest.begin();
  const decoder = new TextDecoder();
  let ready: string[] = [];
  /** The pieces of the begun line. They are joined at its end, so that a long line costs no repeated copying. */
  let begun: string[] = [];
  const add = (text: string): void => {
    const parts = text.split("\n");
    const last = parts.pop() as string; // a split text has a part
    if (parts.length > 0) {
      parts[0] = begun.join("") + parts[0];
      begun = [];
      ready = parts.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
    }
    if (last !== "") begun.push(last);
  };
  let failed = true;
  let given = 0;
  try {
    for (;;) {
      const { done, value } = await reader.next();
      if (done) break;
      // The decoder refuses a value that is neither text nor bytes.
      add(typeof value === "string" ? value : decoder.decode(value as Uint8Array, { stream: true }));
      for (given = 0; given < ready.length; ) {
        if (node.clock.isTurnDue()) await afterTurn(node, undefined);
        yield ready[given++] as string; // inside the array
        node.check();
      }
      ready = [];
    }
    failed = false;
  } finally {
    if (failed) {
      for (const line of ready.slice(given)) rest.add(line);
      if (begun.length > 0) rest.add(begun.join(""));
    }
    await reader.close();
  }
  const last = begun.join("") + decoder.decode();
  if (last !== "") yield last;
  return undefined;
}

import { type BodySource, type BodyStreamOptions, bodyStream } from "./body-stream.ts";
import { LineSplitter } from "./line-splitter.ts";

/**
 * The lines of a body of UTF-8, without their ends. A line ends with `\n`, `\r\n` or `\r`. A last line without an end is a line
 * too. Reading stops when the ambient scope is cancelled. The body is closed in every case, and with it its connection.
 *
 * @throws TypeError or RangeError for a bad argument, UsageError `ERR_BUSY` for a body that has a reader or has been read.
 * Reading rejects with the cancellation, with an error of the body, and with an {@link ItemTooLongError}.
 *
 * @example
 * ```ts
 * import { lines } from "@hother/cancelable-integrations/fetch";
 *
 * const found: string[] = [];
 * for await (const line of lines(new Response("one\r\ntwo\rthree"))) found.push(line);
 * console.assert(found.join() === "one,two,three");
 * ```
 */
export function lines(
  source: BodySource,
  options?: BodyStreamOptions<string>,
): AsyncGenerator<string, undefined, undefined> {
  return bodyStream(source, options, "lines", (maxLength) => {
    const splitter = new LineSplitter(maxLength, true);
    return {
      push: (text) => splitter.push(text),
      *end() {
        const last = splitter.end();
        if (last !== undefined) yield last;
      },
    };
  });
}

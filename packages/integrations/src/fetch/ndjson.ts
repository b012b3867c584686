import { type BodySource, type BodyStreamOptions, bodyStream } from "./body-stream.ts";
import { LineSplitter } from "./line-splitter.ts";

/**
 * The values of a body of JSON lines (NDJSON): one JSON text in each line, which ends with `\n` or `\r\n`. Empty lines are left
 * out. The type of the values is not checked. Reading stops when the ambient scope is cancelled. The body is closed in every case, and with it its connection.
 *
 * @throws TypeError or RangeError for a bad argument, UsageError `ERR_BUSY` for a body that has a reader or has been read.
 * Reading rejects with the cancellation, with an error of the body, with an {@link ItemTooLongError}, and with a SyntaxError that names the line.
 *
 * @example
 * ```ts
 * import { ndjson } from "@hother/cancelable-integrations/fetch";
 *
 * const ids: number[] = [];
 * for await (const { id } of ndjson<{ id: number }>(new Response('{"id":1}\n{"id":2}\n'))) ids.push(id);
 * console.assert(ids.join() === "1,2");
 * ```
 */
export function ndjson<T = unknown>(
  source: BodySource,
  options?: BodyStreamOptions<T>,
): AsyncGenerator<T, undefined, undefined> {
  return bodyStream(source, options, "ndjson", (maxLength) => {
    const splitter = new LineSplitter(maxLength, false);
    let number = 0;
    function* parse(lines: Iterable<string>): Generator<T, undefined, undefined> {
      for (const line of lines) {
        number++;
        if (line.trim() !== "") yield toValue(line, number) as T; // the caller knows the type
      }
      return undefined;
    }
    return {
      push: (text) => parse(splitter.push(text)),
      *end() {
        const last = splitter.end();
        if (last !== undefined) yield* parse([last]);
      },
    };
  });
}

function toValue(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new SyntaxError(`line ${number} of the body is no JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

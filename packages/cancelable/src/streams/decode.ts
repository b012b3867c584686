import { requireBoolean, requireText } from "../arguments.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { withEarlyReturn } from "../scope/closing-generator.ts";
import { type StreamInput, toOpenableInput } from "./reading/stream-input.ts";
import { StreamReader } from "./reading/stream-reader.ts";

/** The options of {@link decode}. */
export interface DecodeOptions {
  /** A label of the encoding, for `TextDecoder`. Default: `"utf-8"`. */
  readonly encoding?: string | undefined;
  /** Whether bytes that are no text fail with a `TypeError`. Otherwise they become U+FFFD. Default: false. */
  readonly fatal?: boolean | undefined;
}

const known: KnownOptions<DecodeOptions> = { encoding: 1, fatal: 1 };

/**
 * The text of a source of bytes, piece by piece. A character whose bytes come in two pieces is in one piece of text, and no
 * piece is empty. Reading stops when the ambient scope is cancelled. The source is closed in every case.
 *
 * @throws TypeError or RangeError for a bad argument, at once; reading rejects as `cancellableStream` does.
 *
 * @example
 * ```ts
 * import { decode } from "@hother/cancelable";
 *
 * const bytes = new TextEncoder().encode("é!");
 * let text = "";
 * for await (const piece of decode([bytes.slice(0, 1), bytes.slice(1)])) text += piece;
 * console.assert(text === "é!");
 * ```
 */
export function decode(
  source: StreamInput<Uint8Array>,
  options?: DecodeOptions,
): AsyncGenerator<string, undefined, undefined> {
  const input = toOpenableInput(source, "source");
  requireKnownOptions(options, known, "decode");
  const { encoding = "utf-8", fatal = false } = options ?? {};
  requireText(encoding, "options.encoding");
  requireBoolean(fatal, "options.fatal");
  const decoder = new TextDecoder(encoding, { fatal });
  const reader = new StreamReader({ input });
  return withEarlyReturn(decoded(reader, decoder), () => reader.close());
}

async function* decoded(
  reader: StreamReader,
  decoder: TextDecoder,
): AsyncGenerator<string, undefined, undefined> {
  try {
    for (;;) {
      const { done, value } = await reader.next();
      if (done) break;
      const text = decoder.decode(value as Uint8Array, { stream: true }); // another value is refused
      if (text !== "") yield text;
    }
  } finally {
    await reader.close();
  }
  const text = decoder.decode();
  if (text !== "") yield text;
  return undefined;
}

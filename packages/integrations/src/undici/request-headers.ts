import { invalidType } from "@hother/cancelable/extending";
import type { HeaderValue } from "./dispatch.ts";

type Pairs = Iterable<readonly [name: string, value: HeaderValue]>;

/** The headers that a caller gives to undici, as an object. */
export type HeaderObject = Record<string, HeaderValue>;

/**
 * The headers of a request as an object with the same names. undici takes them as an object, as an iterable of pairs, and as
 * a flat array of names and values.
 *
 * @returns undefined for a form that undici refuses.
 * @throws TypeError for an iterable of something else.
 */
export function toHeaderObject(headers: unknown): HeaderObject | undefined {
  if (headers === undefined || headers === null) return {};
  if (typeof headers !== "object") return undefined;
  if (Array.isArray(headers)) {
    if (headers.length % 2 === 1) return undefined;
    return fromPairs(headers.flatMap((name, i) => (i % 2 === 0 ? [[name, headers[i + 1]] as const] : [])));
  }
  if (typeof (headers as Partial<Pairs>)[Symbol.iterator] === "function") return fromPairs(headers as Pairs);
  return { ...headers };
}

function fromPairs(pairs: Pairs): HeaderObject {
  const object = new Map<string, HeaderValue>();
  for (const pair of pairs) {
    // undici cannot refuse it: an iterator gives out its pairs once.
    if (!Array.isArray(pair) || pair.length !== 2)
      throw invalidType("options.headers", "pairs of a name and a value", pair);
    const [name, value] = pair as [string, HeaderValue];
    const before = object.get(name);
    // A name that occurs twice has both values.
    object.set(name, before === undefined || before === null ? value : [before, value ?? []].flat());
  }
  return Object.fromEntries(object);
}

/** The name of a header as the caller has written it. @param lower The name in lower case. */
export function nameIn(headers: HeaderObject, lower: string): string | undefined {
  return Object.keys(headers).find((name) => name.toLowerCase() === lower);
}

import { map, mapSettled, mapStream, unwrap } from "@hother/cancelable";

export const pMapSkip = Symbol("skip");
const isKept = (value) => value !== pMapSkip;

export default async function pMap(
  items,
  mapper,
  { concurrency = Infinity, stopOnError = true, signal } = {},
) {
  requirePMapArguments(items, mapper, concurrency);
  const call = async (item, index) => mapper(await item, index);
  try {
    if (stopOnError) return (await map(items, call, { concurrency, signal })).filter(isKept);
    const outcomes = await mapSettled(items, call, { concurrency, signal });
    const errors = outcomes.filter(({ status }) => status !== "completed").map(({ error }) => error);
    if (errors.length > 0) throw new AggregateError(errors);
    return outcomes.map(unwrap).filter(isKept);
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}
export function pMapIterable(items, mapper, { concurrency = Infinity, backpressure = concurrency } = {}) {
  requirePMapArguments(items, mapper, concurrency);
  if (!(backpressure >= concurrency))
    throw new TypeError(
      `Expected \`backpressure\` to be an integer from \`concurrency\` (${concurrency}) and up or \`Infinity\`, got \`${backpressure}\` (${typeof backpressure})`,
    );
  return {
    async *[Symbol.asyncIterator]() {
      const buffer = backpressure === Infinity ? Infinity : backpressure - concurrency;
      for await (const value of mapStream(items, async (item, i) => mapper(await item, i), {
        concurrency,
        buffer,
      }))
        if (isKept(value)) yield value;
    },
  };
}
function requirePMapArguments(items, mapper, concurrency) {
  if (!items[Symbol.iterator] && !items[Symbol.asyncIterator])
    throw new TypeError(
      `Expected \`input\` to be either an \`Iterable\` or \`AsyncIterable\`, got (${typeof items})`,
    );
  if (typeof mapper !== "function") throw new TypeError("Mapper function is required");
  if (!((Number.isSafeInteger(concurrency) && concurrency >= 1) || concurrency === Infinity))
    throw new TypeError(
      `Expected \`concurrency\` to be an integer from 1 and up or \`Infinity\`, got \`${concurrency}\` (${typeof concurrency})`,
    );
}

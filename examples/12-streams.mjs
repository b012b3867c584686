// @ts-check
// Streams that end on cancellation, even while the source is silent, and that close their sources.
import { Readable } from "node:stream";
import { Cancellable, cancellableStream, chunk, isCancellation, merge, sleep } from "@hother/cancelable";

/**
 * @param {string} name
 * @param {number} count
 */
async function* sensor(name, count) {
  try {
    for (let n = 1; n <= count; n++) {
      await sleep(1);
      yield `${name}${n}`;
    }
    await sleep({ hours: 1 }); // The sensor becomes silent.
  } finally {
    console.log(`${name} is closed`);
  }
}

// 1. A timeout for the next item. The items before it are kept as a partial result.
const stream = cancellableStream(sensor("a", 3), { idleTimeout: 100, bufferPartial: true });
try {
  for await (const _reading of stream);
} catch (error) {
  if (!isCancellation(error, stream.operation)) throw error;
  console.log(error instanceof Error && error.message, "-", stream.partialResult.items?.join());
}

// 2. A stream of an operation ends with the operation. merge() reads two sources as one.
const read = /** @type {string[]} */ ([]);
const outcome = await Cancellable.withTimeout(200, { name: "two sensors" }).settle(async (op) => {
  for await (const reading of op.stream(merge(sensor("b", 2), sensor("c", 2)))) read.push(reading);
});
console.log(outcome.status, "after", read.sort().join());

// 3. Chunks of a Node stream. Leaving the loop destroys the stream.
const lines = Readable.from(["one", "two", "three", "four", "five"]);
for await (const [first, second] of chunk(lines, 2)) {
  console.log(`chunk: ${first} ${second}`);
  if (first === "three") break;
}
console.log("destroyed:", lines.destroyed);

// prints:
// a is closed
// No item came for 100 ms - a1,a2,a3
// b is closed
// c is closed
// cancelled after b1,b2,c1,c2
// chunk: one two
// chunk: three four
// destroyed: true

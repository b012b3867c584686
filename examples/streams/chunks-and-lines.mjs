// @ts-check
// Batches of items and lines of a text. A batch is complete when it is full, or when its oldest item has waited long enough.
import { Readable } from "node:stream";
import { Cancellable, chunk, Event, lines } from "@hother/cancelable";

export async function main() {
  // 1. Batches of two of a Node stream. Leaving the loop destroys the stream.
  const words = Readable.from(["one", "two", "three", "four", "five"]);
  for await (const [first, second] of chunk(words, 2)) {
    console.log(`batch: ${first} ${second}`);
    if (first === "three") break;
  }
  console.log("destroyed:", words.destroyed);

  // 2. The source makes a pause: a batch that has begun does not wait for the next item.
  const third = new Event();
  async function* orders() {
    yield* ["a", "b", "c"];
    await third.wait();
    yield "d";
  }
  for await (const batch of chunk(orders(), 2, { every: 500 })) {
    console.log("orders:", batch.join());
    if (batch[0] === "c") third.set();
  }

  // 3. Lines of a text that comes in pieces, with a report at each tenth line.
  const text = Array.from({ length: 25 }, (_, n) => `line ${n + 1}\n`).join("");
  const count = new Cancellable({ name: "count" }).onProgress((progress) => {
    if (typeof progress === "object") console.log(progress.current, "lines");
  });
  await count.run(async (op) => {
    let current = 0;
    for await (const line of lines(text.match(/[^]{1,16}/g) ?? [])) {
      if (++current % 10 === 0) op.reportProgress({ current });
      if (current === 25) console.log("the last one:", line);
    }
  });
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// batch: one two
// batch: three four
// destroyed: true
// orders: a,b
// orders: c
// orders: d
// 10 lines
// 20 lines
// the last one: line 25

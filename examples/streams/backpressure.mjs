// @ts-check
// Three stages with bounded queues between them: the slowest stage sets the pace, and a failure ends all of them.
import { Queue, sleep, taskGroup } from "@hother/cancelable";

/**
 * Numbers, their squares, and the sum of the squares, each in a task of its own.
 *
 * @param {number} count
 * @param {(square: number) => Promise<void>} consume
 */
async function pipeline(count, consume) {
  /** @type {Queue<number>} */
  const numbers = new Queue(2);
  /** @type {Queue<number>} */
  const squares = new Queue(2);
  let [made, consumed, ahead] = [0, 0, 0];
  try {
    await taskGroup((group) => {
      group.startSoon(async () => {
        for (let n = 1; n <= count; n++) {
          await numbers.put(n); // waits while the queue is full
          made++;
          ahead = Math.max(ahead, made - consumed);
        }
        numbers.close();
      });
      group.startSoon(async () => {
        for await (const n of numbers) await squares.put(n * n);
        squares.close();
      });
      group.startSoon(async () => {
        for await (const square of squares) {
          await consume(square);
          consumed++;
        }
      });
    });
  } finally {
    // Two items in each queue, and one in each stage.
    console.log(`consumed ${consumed} of ${count}, at most 7 under way: ${ahead <= 7}`);
  }
}

export async function main() {
  // 1. The consumer is slow, so the others wait for it.
  let sum = 0;
  await pipeline(20, async (square) => {
    await sleep(1);
    sum += square;
  });
  console.log("sum:", sum);

  // 2. The consumer fails. The stages before it are cancelled, and nothing stays in memory.
  await pipeline(1_000_000, async (square) => {
    if (square === 25) throw new Error("the disk is full");
  }).catch((error) => console.log("failed:", error.message));
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// consumed 20 of 20, at most 7 under way: true
// sum: 2870
// consumed 4 of 1000000, at most 7 under way: true
// failed: the disk is full

// @ts-check
// A writer collects lines and writes them in batches: when there are three, after a pause, and at the end.
import { after, CancellationToken, Queue, select, taskGroup } from "@hother/cancelable";

export async function main() {
  /** Stands for a file. @type {string[]} */
  const file = [];
  /** @type {Queue<string>} */
  const lines = new Queue(10);
  const stop = new CancellationToken();
  /** The reports of the writer. @type {Queue<string>} */
  const written = new Queue(10);

  async function writer() {
    for (let end = ""; end !== "stop"; ) {
      /** @type {string[]} */
      const batch = [];
      end = "full";
      while (end === "full" && batch.length < 3) {
        // Takes from exactly one. The line comes first in the list, so no line is left when the writer stops.
        // Promise.race would lose lines: a `get` that did not win takes the next line, and no code gets it.
        const pause = batch.length > 0 ? after(50) : undefined;
        const chosen = await select({ line: lines, stop, pause });
        if (chosen.key === "line") batch.push(chosen.value);
        else end = chosen.key;
      }
      file.push(...batch);
      await written.put(`wrote ${batch.length}: ${end}`);
    }
  }

  await taskGroup(async (group) => {
    group.startSoon(writer);
    for (const line of ["a", "b", "c", "d"]) await lines.put(line);
    console.log(await written.get());
    console.log(await written.get());
    for (const line of ["e", "f"]) await lines.put(line);
    stop.cancel();
    console.log(await written.get());
  });
  console.log("in the file:", file.join(" "));
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// wrote 3: full
// wrote 1: pause
// wrote 2: stop
// in the file: a b c d e f

// @ts-check
// A lock for each file, and a limit of the rate for each host.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lock, run } from "@hother/cancelable";
import { Keyed, RateLimiter } from "@hother/cancelable/sync";
import { VirtualBackend } from "@hother/cancelable/testing";

export async function main() {
  // 1. Two files with a number. A task that reads, adds and writes needs its file alone, but not the other file.
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  /** @type {Keyed<string, Lock>} */
  const files = new Keyed(() => new Lock());

  /** @param {string} name */
  async function addOne(name) {
    const path = join(folder, name);
    const before = Number(await readFile(path, "utf8"));
    await writeFile(path, `${before + 1}`);
  }
  for (const name of ["red", "blue"]) await writeFile(join(folder, name), "0");
  const names = Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? "red" : "blue"));
  await Promise.all(names.map((name) => files.run(name, () => addOne(name))));
  for (const name of ["red", "blue"]) console.log(name, await readFile(join(folder, name), "utf8"));
  console.log("locks left:", files.size);
  await rm(folder, { recursive: true });

  // 2. Two starts a second, for each host. On virtual time the example takes no time, and every start is exact.
  const backend = new VirtualBackend();
  await run(
    async () => {
      /** @type {Keyed<string, RateLimiter>} */
      const hosts = new Keyed(() => new RateLimiter({ limit: 2, per: { seconds: 1 } }));
      /** @param {string} host */
      const starts = (host) => Promise.all([1, 2, 3, 4].map(() => hosts.run(host, () => backend.now())));
      const [one, two] = await Promise.all([starts("one.example"), starts("two.example")]);
      console.log("starts:", one.join(), "and", two.join());
    },
    { backend },
  );
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// red 10
// blue 10
// locks left: 0
// starts: 0,0,500,1000 and 0,0,500,1000

// What a newcomer does, from the README alone: an empty folder, the install line, the blocks of the README, and then a program of
// one's own that gives up on a server, shows progress and ends on Ctrl-C. `node tools/newcomer.mjs` prints each step and its time.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { blocksOf } from "./code-blocks.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The program. Its names are all in code blocks of the README. */
const program = `import { currentSignal, moveOnAfter, sleep } from "@hother/cancelable";
import { main } from "@hother/cancelable/process";

await main(async (op) => {
  op.onProgress((progress) => console.log(progress));
  const page = await moveOnAfter({ seconds: 0.3 }, async () => {
    const answer = await fetch(process.argv[2], { signal: currentSignal() });
    return answer.text();
  });
  console.log(page ?? "no answer");
  for (let current = 1; current <= 10_000; current++) {
    op.reportProgress({ current, total: 10_000, unit: "files" });
    await sleep({ milliseconds: 20 });
  }
});
`;

/**
 * Does it in an empty folder. Throws if a step does not do what the README says.
 *
 * @param {string} tarball What the registry would deliver for the install line.
 * @param {(line: string) => void} tell
 */
export async function beNewcomer(tarball, tell) {
  const folder = mkdtempSync(join(tmpdir(), "newcomer-"));
  const server = createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const step = async (what, body) => {
      const start = performance.now();
      const seen = await body();
      tell(
        `${((performance.now() - start) / 1_000).toFixed(1)} s  ${what}${seen === undefined ? "" : `: ${seen}`}`,
      );
    };
    const readme = readFileSync(`${root}README.md`, "utf8");
    const blocks = blocksOf(readme);

    await step("npm install @hother/cancelable", () => {
      if (!/^npm install @hother\/cancelable$/m.test(readme))
        throw new Error("the README has no install line");
      writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
      execFileSync("npm", ["install", "--no-audit", "--no-fund", tarball], { cwd: folder, stdio: "pipe" });
    });

    for (const [index, { code }] of blocks.entries()) {
      await step(`node block-${index + 1}.mjs, block ${index + 1} of the README`, async () => {
        const { code: js } = await transform(code, {
          loader: "ts",
          format: "esm",
          target: "node20",
        });
        writeFileSync(join(folder, `block-${index + 1}.mjs`), js);
        const { exit, output } = await run(folder, [`block-${index + 1}.mjs`]);
        if (exit !== 0 || output.includes("Assertion failed"))
          throw new Error(`exit code ${exit}\n${output}`);
        return output.trim().split("\n").at(-1);
      });
    }

    await step("node own.mjs, and Ctrl-C", async () => {
      const names = /import \{ (.*) \} from/.exec(program)[1].split(", ");
      for (const name of [...names, "main", "onProgress", "reportProgress"])
        if (!blocks.some(({ code }) => code.includes(name)))
          throw new Error(`no block of the README has ${name}`);
      writeFileSync(join(folder, "own.mjs"), program);
      const closed = once(server, "connection").then(([socket]) =>
        once(socket.on("error", () => {}).resume(), "close"),
      );
      const url = `http://127.0.0.1:${server.address().port}/`;
      const own = async () => {
        const { exit, output } = await run(folder, ["own.mjs", url], (text, child) => {
          // A second signal would end the program without its clean-up.
          if (!child.killed && /no answer[^]*\b3\b/.test(text)) child.kill("SIGINT");
        });
        if (exit !== 130) throw new Error(`exit code ${exit} instead of 130\n${output}`);
        return output;
      };
      // Together: a program that fails makes no connection to wait for.
      const [output] = await Promise.all([own(), closed]);
      return `${output.trim().split("\n").slice(0, 3).join(" | ")} | …, exit code 130`;
    });
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** Runs a program to its end, and tells its output so far whenever there is more. */
async function run(cwd, args, onOutput = () => {}) {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      onOutput(output, child);
    });
  const [exit] = await once(child, "close");
  return { exit, output };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packed = mkdtempSync(join(tmpdir(), "newcomer-packed-"));
  try {
    const args = ["pack", "--json", "--pack-destination", packed];
    const [{ filename }] = JSON.parse(
      execFileSync("npm", args, { cwd: `${root}packages/cancelable`, encoding: "utf8" }),
    );
    await beNewcomer(join(packed, filename), console.log);
  } finally {
    rmSync(packed, { recursive: true });
  }
}

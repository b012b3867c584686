// Runs the test suite on every host, on some of them over the built files, and smoke tests of the built packages. Prints a line for
// each run, with the tests that cannot run there. Arguments choose hosts by name: `npm run test:matrix -- bun chromium`.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { chromiumPath } from "./hosts/chromium.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const runtimes = `${root}tools/runtimes`;
/** A host that hangs is a failure. The slowest one takes a third of this on two cores. */
const limitMs = 900_000;

const chosen = process.argv.slice(2).map((name) => name.toLowerCase());

if (!existsSync(`${runtimes}/node_modules/node26`)) {
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-save"], {
    cwd: runtimes,
    stdio: "inherit",
  });
}

const bin = (name) => `${runtimes}/node_modules/${name}`;
const smoke = ["e2e/smoke.mjs"];
const smokeOfRequire = ["e2e/smoke.cjs"];
/** Tests import the files that are published, see hosts/built-files.ts. */
const built = { BUILT_FILES: "1" };
/** The migration tools need Node, and no user's program contains them: their tests run on the newest Node only. */
const portable = readdirSync(`${root}packages`)
  .filter((name) => !name.startsWith("migrate"))
  .map((name) => `packages/${name}/`);
const suite = (...filters) => [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=dot",
  "--reporter=./tools/hosts/reporter.ts",
  // Many tests wait for sockets and processes, and use no processor meanwhile.
  "--maxWorkers=2",
  ...filters,
];

const node = (version) => [`${bin(`node${version}`)}/bin/node`];
const bun = [bin(".bin/bun"), "--bun"];
const here = [process.execPath];
const page = "--config=vitest.browser.config.ts";
const builtInPage = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--reporter=default",
  page,
  "--project=built packages",
];
const deno = [bin(".bin/deno"), "run", "-A"];

const runs = [
  { host: "Node 20", what: "built packages", command: [...here, ...smoke] },
  { host: "Node 20", what: "require", command: [...here, ...smokeOfRequire] },
  { host: "Node 22", what: "suite, built", env: built, command: [...node(22), ...suite(...portable)] },
  { host: "Node 24", what: "suite", command: [...node(24), ...suite(...portable)] },
  { host: "Node 24", what: "require", command: [...node(24), ...smokeOfRequire] },
  { host: "Node 26", what: "suite, built", env: built, command: [...node(26), ...suite("packages/")] },
  { host: "Bun", what: "built packages", command: [...bun, ...smoke] },
  { host: "Bun", what: "require", command: [...bun, ...smokeOfRequire] },
  { host: "Bun", what: "suite", command: [...bun, ...suite(...portable)] },
  { host: "Deno", what: "built packages", command: [...deno, ...smoke] },
  { host: "Deno", what: "require", command: [...deno, ...smokeOfRequire] },
  { host: "Deno", what: "suite", command: [...deno, ...suite(...portable)] },
  { host: "Chromium", what: "built packages", command: [...here, ...builtInPage] },
  // One page runs all files in turn, for longer than CI has: `npm run test:matrix -- chromium`.
  { host: "Chromium", what: "suite", onRequest: true, command: [...here, ...suite(page, "--project=suite")] },
];

/** Runs a command to its end, or kills it and its children when the time is up. */
async function run([command, ...args], env) {
  // A process group of its own can be killed as a whole: test workers and browsers are children.
  const child = spawn(command, args, {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      output += chunk;
    });
  const limit = setTimeout(() => {
    output += `\nkilled after ${limitMs / 1_000} s\n`;
    process.kill(-child.pid, "SIGKILL");
  }, limitMs);
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      output += error;
      resolve(1);
    });
    child.on("close", resolve);
  });
  clearTimeout(limit);
  return { ok: code === 0, output: stripVTControlCharacters(output) };
}

let failed = 0;
const failures = [];
for (const { host, what, command, env, onRequest } of runs) {
  if (chosen.length > 0 && !chosen.some((name) => host.toLowerCase().startsWith(name))) continue;
  const name = `${host.padEnd(9)}${what.padEnd(15)}`;
  if (onRequest && chosen.length === 0) {
    console.log(`skipped ${name} on request only: npm run test:matrix -- ${host.toLowerCase()}`);
    continue;
  }
  if (host === "Chromium" && chromiumPath === undefined) {
    console.log(`skipped ${name} no Chromium on this machine (Debian: apt-get install chromium)`);
    continue;
  }
  const started = performance.now();
  const { ok, output } = await run(command, env);
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  const figures =
    output
      .match(/^(?:\d+ passed, \d+ failed.*| *Tests .*)$/gm)
      ?.at(-1)
      ?.trim() ?? "";
  console.log(`${ok ? "ok     " : "FAILED "} ${name} ${seconds.padStart(4)} s  ${figures}`);
  for (const [, line] of output.matchAll(/^left out: (.*)$/gm))
    console.log(`    left out on ${host}: ${line}`);
  if (!ok) {
    failed++;
    // A log that is cut in the middle keeps its end, so the failures come last.
    console.log(output);
    for (const [line] of output.matchAll(/^failed: .*$/gm)) failures.push(`${host}: ${line}`);
  }
}
for (const line of failures) console.log(line);
process.exitCode = failed === 0 ? 0 : 1;

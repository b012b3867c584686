// The test suite on every supported Node, and a smoke test of the built packages on Bun, Deno and in
// headless Chromium.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const runtimes = `${root}/tools/runtimes`;

if (!existsSync(`${runtimes}/node_modules/node26`)) {
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--no-save"], {
    cwd: runtimes,
    stdio: "inherit",
  });
}

const bin = (name) => `${runtimes}/node_modules/${name}`;
const smoke = `${root}/e2e/node.mjs`;
const vitest = `${root}/node_modules/vitest/vitest.mjs`;
/** The migration tool, which runs in nobody's program, has its turn on the newest Node only (and on 20, by npm test). */
const suite = (version) => [
  vitest,
  "run",
  "--reporter=dot",
  ...(version === 26 ? ["packages"] : ["packages/cancelable", "packages/backends"]),
];

const hosts = [
  { host: "Node 20 (smoke)", command: process.execPath, args: [smoke] },
  ...[22, 24, 26].map((version) => ({
    host: `Node ${version}`,
    command: `${bin(`node${version}`)}/bin/node`,
    args: suite(version),
  })),
  { host: "Bun (smoke)", command: bin(".bin/bun"), args: [smoke] },
  { host: "Deno (smoke)", command: bin(".bin/deno"), args: ["run", "-A", smoke] },
  { host: "Chromium (smoke)", command: process.execPath, args: [`${root}/e2e/browser.mjs`] },
];

let failed = 0;
for (const { host, command, args } of hosts) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    // A host that hangs is a failure, not a wait.
    timeout: 400_000,
    killSignal: "SIGKILL",
  });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const figures = stdout?.match(/(\d+ passed, \d+ failed|skipped: .*|Tests .*)/)?.[0] ?? "";
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${host.padEnd(16)} ${seconds.padStart(6)}s  ${figures}`);
  if (status !== 0) {
    failed++;
    console.log(error ?? "", stdout, stderr);
  }
}
process.exitCode = failed === 0 ? 0 : 1;

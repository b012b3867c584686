// Runs the examples and the demo over the packed files: a copy of the repository that has the tarballs instead of the packages.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "cancelable-dependants-"));
const copy = join(work, "repository");
mkdirSync(copy);
// The servers of the tests run as another user if this user is root.
chmodSync(work, 0o755);

const manifestOf = (folder) => JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
try {
  const tarballs = Object.fromEntries(
    readdirSync(`${root}packages`).map((folder) => {
      const args = ["pack", "--json", "--pack-destination", work];
      const output = execFileSync("npm", args, { cwd: `${root}packages/${folder}`, encoding: "utf8" });
      return [manifestOf(`packages/${folder}`).name, `file:${join(work, JSON.parse(output)[0].filename)}`];
    }),
  );

  const files = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
  // The servers of the tests are not in a tarball.
  const wanted =
    /^(?:(?:demo|docs|examples|tools|packages\/integrations\/test\/servers)\/|tsconfig\.base\.json$)/;
  for (const file of files.filter((name) => wanted.test(name))) cpSync(`${root}${file}`, join(copy, file));

  const { devDependencies } = manifestOf(".");
  const examples = manifestOf("examples");
  writeFileSync(
    join(copy, "package.json"),
    JSON.stringify({
      private: true,
      type: "module",
      // Peers that the examples do not use are not installed.
      dependencies: {
        ...devDependencies,
        effection: manifestOf("packages/backends").devDependencies.effection,
        ...examples.dependencies,
        ...examples.devDependencies,
        ...tarballs,
      },
    }),
  );
  // No alias leads to the sources: the packages are those of the tarballs.
  writeFileSync(
    join(copy, "vitest.config.ts"),
    'export default { test: { include: ["{examples,demo}/**/*.test.ts"], testTimeout: 20_000 } };\n',
  );
  execFileSync("npm", ["install", "--no-audit", "--no-fund"], {
    cwd: copy,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const { status } = spawnSync("npx", ["vitest", "run", "--maxWorkers=2", ...process.argv.slice(2)], {
    cwd: copy,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
} finally {
  rmSync(work, { recursive: true });
}

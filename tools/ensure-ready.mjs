// Makes `npm test` and `npm run demo` work from a fresh clone: installs and builds what is missing or old.
import { execSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command) => execSync(command, { cwd: root, stdio: "inherit" });

/** When a file was last changed; 0 if it is not there. */
const changedAt = (path) => (existsSync(`${root}/${path}`) ? statSync(`${root}/${path}`).mtimeMs : 0);

if (changedAt("node_modules/.package-lock.json") < changedAt("package-lock.json")) {
  console.log("Installing dependencies…");
  // Not `npm ci`: it refuses a lock file without the optional packages of other systems, which not
  // every registry has. The versions are exact in package.json and in the lock file.
  run("npm install --no-audit --no-fund --no-save");
}
// Incremental: takes a second when nothing changed.
run("npm run --silent build");

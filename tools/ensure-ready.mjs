// Makes `npm test` and `npm run demo` work in a fresh clone: installs and builds if dependencies or builds are missing or old.
import { execSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = (command) => execSync(command, { cwd: root, stdio: "inherit" });

/** The time at which a file was last changed, or 0 if the file does not exist. */
const changedAt = (path) => (existsSync(`${root}/${path}`) ? statSync(`${root}/${path}`).mtimeMs : 0);

if (changedAt("node_modules/.package-lock.json") < changedAt("package-lock.json")) {
  console.log("Installing dependencies…");
  // `npm ci` refuses a lock file without the optional packages of other systems, and some registries lack these packages.
  // `npm install` gives the same versions, which are exact in package.json and in the lock file.
  run("npm install --no-audit --no-fund --no-save");
}
// The build is incremental and takes a second when no file has changed.
run("npm run --silent build");

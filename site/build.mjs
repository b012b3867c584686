// Stages the pages, and builds the site into .vitepress/dist.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const run = (/** @type {string[]} */ ...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: folder, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};
run("stage.mjs", ...process.argv.slice(2));
run("node_modules/vitepress/bin/vitepress.js", "build");

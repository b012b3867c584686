// Runs before a package is packed, in its folder: writes the CHANGELOG.md that goes into the tarball, and for the core the
// README.md, from the files at the root of the repository. Git ignores the files. They stay, because `npm publish` reads the
// README once more after packing.
import { readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { absoluteLinks } from "./absolute-links.mjs";

const root = new URL("../", import.meta.url);
const names = ["CHANGELOG.md", ...(basename(process.cwd()) === "cancelable" ? ["README.md"] : [])];
for (const name of names) {
  const text = readFileSync(new URL(name, root), "utf8");
  // The comments are code that sets blocks up, for tools/run-docs.mjs.
  writeFileSync(name, absoluteLinks(text.replace(/^<!--[^]*?-->\n+/gm, "")));
}

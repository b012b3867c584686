// Runs every code block of the README, of docs/ and of the public docstrings, each as a separate program with the built
// package. A block fails if it throws, if a console.assert in it fails, or if it has a type error in strict mode.
// Arguments choose files: `npm run test:docs -- docs/how/retry.md streams`.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { blocksOf } from "./code-blocks.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The Markdown in the docstrings of a TypeScript file. Line numbers stay the same. */
const docstringsOf = (text) =>
  text
    .split("\n")
    .map((line) => (/^\s*\*( |$)/.test(line) ? line.replace(/^\s*\* ?/, "") : ""))
    .join("\n");

const markdown = [
  "README.md",
  "site/home.md",
  ...readdirSync(`${root}/docs`, { recursive: true })
    .filter((name) => !name.startsWith(".generated"))
    .map((name) => `docs/${name}`),
].filter((name) => name.endsWith(".md") && existsSync(`${root}/${name}`));
const sources = readdirSync(`${root}/packages`)
  .map((name) => `packages/${name}/src`)
  .filter((folder) => existsSync(`${root}/${folder}`))
  .flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true }).map((name) => `${folder}/${name}`),
  )
  .filter((name) => name.endsWith(".ts"));

const wanted = process.argv.slice(2);
const isWanted = (name) => wanted.length === 0 || wanted.some((part) => name.includes(part));
for (const part of wanted) {
  if ([...markdown, ...sources].some((name) => name.includes(part))) continue;
  console.error(`No file is named ${part}`);
  process.exit(1);
}
const pages = markdown.filter(isWanted);
const programs = [
  ...pages.map((name) => [name, readFileSync(`${root}/${name}`, "utf8")]),
  ...sources.filter(isWanted).map((name) => [name, docstringsOf(readFileSync(`${root}/${name}`, "utf8"))]),
].flatMap(([name, text]) => blocksOf(text).map(({ code, line }) => ({ where: `${name}:${line}`, code })));

/** Inside the repository, so that Node resolves the package by its name. */
const folder = mkdtempSync(join(root, "node_modules", ".docs-"));

const run = async ({ where, code }, index) => {
  // Some examples print names of functions.
  const { code: js } = await transform(code, {
    loader: "ts",
    format: "esm",
    target: "node20",
    keepNames: true,
  });
  const file = join(folder, `${index}.mjs`);
  writeFileSync(file, js);
  const child = spawn(process.execPath, ["--unhandled-rejections=strict", file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let errors = "";
  child.stdout.resume();
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const exit = await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  const ok = exit === 0 && !errors.includes("Assertion failed");
  if (!ok) console.error(`FAILED ${where} (exit code ${exit})\n${errors}`);
  return ok;
};

/** Type-checks all programs in one compilation. Returns the errors, with the place of each program. */
const typeErrors = () => {
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true, skipLibCheck: true },
    ...{ target: "esnext", lib: ["esnext", "dom"], types: ["node"], module: "nodenext" },
  };
  for (const [index, { code }] of programs.entries())
    writeFileSync(join(folder, `${index}.ts`), `${code}\nexport {};\n`);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const files = programs.map((_, index) => `${index}.ts`);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = spawnSync(process.execPath, [compiler, "-p", folder, "--pretty", "false"], {
    encoding: "utf8",
  });
  return stdout.replace(/^\S*?(\d+)\.ts\((\d+),\d+\)/gm, (_, index, line) => {
    const { where } = programs[index];
    return where.replace(/\d+$/, (first) => Number(first) + Number(line));
  });
};

let next = 0;
let failed = 0;
try {
  const errors = typeErrors();
  if (errors !== "") {
    console.error(`FAILED type check of the code blocks\n${errors}`);
    failed++;
  }
  const worker = async () => {
    while (next < programs.length) {
      const index = next++;
      if (!(await run(programs[index], index))) failed++;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
} finally {
  rmSync(folder, { recursive: true });
}
const inPages = programs.filter(({ where }) => where.includes(".md:")).length;
console.log(
  `${programs.length - failed} of ${programs.length} code blocks ran: ${inPages} of ${pages.length} pages, ` +
    `${programs.length - inPages} of docstrings`,
);
process.exitCode = failed === 0 && programs.length > 0 ? 0 : 1;

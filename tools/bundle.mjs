// Makes the files of the core that are published: `dist/node` for Node, Bun and Deno, `dist/web` for bundlers, and `dist/cjs`
// for tools that cannot load ES modules, such as Jest. The input is what `tsc -b` writes: one file for each source file.
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { rollup } from "rollup";

const dist = fileURLToPath(new URL("../packages/cancelable/dist", import.meta.url));
const entries = [
  "index",
  "calls",
  "extending",
  "inspect",
  "logging",
  "process",
  "sync",
  "testing",
  "threads",
];
const fileOf = (entry) => (entry === "index" ? `${dist}/index.js` : `${dist}/${entry}/index.js`);
const input = Object.fromEntries(entries.map((entry) => [entry, fileOf(entry)]));
const threadEntry = `${dist}/threads/thread-entry.js`;

/** When the newest input was written: this program counts as one. In ms since 1970. */
function changedAt() {
  const outputs = /^(?:node|web|cjs)[\\/]/;
  const written = readdirSync(dist, { recursive: true }).filter(
    (file) => file.endsWith(".js") && !outputs.test(file),
  );
  const files = [fileURLToPath(import.meta.url), ...written.map((file) => `${dist}/${file}`)];
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}
const lastWritten = `${dist}/threads.d.cts`;
if (existsSync(lastWritten) && statSync(lastWritten).mtimeMs > changedAt()) process.exit(0);

/**
 * Resolves the files of one kind of host, and follows the source maps of tsc.
 *
 * @param {"node" | "web"} kind
 * @param {string} [threads] The address of the module that threads load, from the file that has it.
 * @returns {import("rollup").Plugin}
 */
const host = (kind, threads = "./thread-entry.js") => ({
  name: "host",
  resolveId(source, importer) {
    if (source.startsWith("#platform/"))
      return `${dist}/platform/${source.slice("#platform/".length)}.${kind}.js`;
    return importer !== undefined && source.startsWith(".") ? resolve(dirname(importer), source) : undefined;
  },
  load(file) {
    if (!existsSync(`${file}.map`)) return undefined;
    const code = readFileSync(file, "utf8")
      .replace('"./thread-entry.js"', JSON.stringify(threads))
      // Esbuild takes the comments for the coverage, which have "@preserve", for licences, and users would ship them.
      .replaceAll(/\/\* v8 ignore [^*]*\*\//g, "");
    return { code, map: readFileSync(`${file}.map`, "utf8") };
  },
});

/** The modules below a module, and itself. */
function below(file, info, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const next of info(file)?.importedIds ?? []) below(next, info, found);
  return found;
}

/** What most programs use is one file, because a cold import of many files is slow. */
function core(file, { getModuleInfo }) {
  inIndex ??= below(fileOf("index"), getModuleInfo);
  return inIndex.has(file) && file !== fileOf("index") ? "core" : undefined;
}
/** @type {Set<string> | undefined} */
let inIndex;

const sets = [
  {
    folder: "node",
    input: { ...input, "thread-entry": threadEntry },
    plugin: host("node"),
    output: { format: "es", manualChunks: core },
  },
  {
    // One file for each source file, because bundlers leave out whole files more surely than statements.
    folder: "web",
    input: [...Object.values(input), `${dist}/threads/web-worker.js`],
    plugin: host("web"),
    // As the manifest says: esbuild warns of every import that is there only for the effects of a module without effects.
    treeshake: { moduleSideEffects: (id) => id.endsWith("web-worker.js") },
    output: { format: "es", preserveModules: true, preserveModulesRoot: dist },
  },
  {
    folder: "cjs",
    input,
    plugin: host("node", "../node/thread-entry.js"),
    output: {
      format: "cjs",
      manualChunks: core,
      entryFileNames: "[name].cjs",
      chunkFileNames: "[name].cjs",
      exports: "named",
      sourcemap: false,
    },
  },
];

for (const { folder, input, plugin, output, treeshake = true } of sets) {
  rmSync(`${dist}/${folder}`, { recursive: true, force: true });
  const bundle = await rollup({
    input,
    external: /^node:|^piscina$/,
    plugins: [plugin],
    treeshake,
    onwarn(warning) {
      // The code that tsc writes for `using` looks at `this`.
      if (warning.code === "THIS_IS_UNDEFINED") return;
      throw new Error(`${folder}: ${warning.message}`); // for example a circle of chunks
    },
  });
  await bundle.write({ chunkFileNames: "[name].js", sourcemap: true, ...output, dir: `${dist}/${folder}` });
  await bundle.close();
}

/** The type parameters of the exported classes, such as `K, P extends KeyedPrimitive`, by the names of the classes. */
function typeParameters() {
  const found = new Map();
  for (const file of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
    const text = readFileSync(`${dist}/${file}`, "utf8");
    for (const [, name, list] of text.matchAll(
      /^export declare (?:abstract )?class (\w+)(?:<([^{]*?)>)? (?:extends|implements|\{)/gm,
    ))
      found.set(name, list);
  }
  return found;
}

/**
 * Writes the declarations for `require`. They are the types of those for `import`, because a copy would make two classes of
 * each one.
 *
 * @param {string} entry
 * @param {Map<string, string | undefined>} parameters
 */
async function declareForRequire(entry, parameters) {
  const module = entry === "index" ? "./index.js" : `./${entry}/index.js`;
  const lines = [
    `import type * as esm from "${module}" with { "resolution-mode": "import" };`,
    `export type * from "${module}" with { "resolution-mode": "import" };`,
  ];
  const values = await import(pathToFileURL(`${dist}/node/${entry}.js`).href);
  for (const [name, value] of Object.entries(values)) {
    lines.push(`export declare const ${name}: typeof esm.${name};`);
    if (!/^class\b/.test(Function.prototype.toString.call(typeof value === "function" ? value : () => {})))
      continue;
    const list = parameters.get(name);
    if (list === undefined) {
      lines.push(`export type ${name} = esm.${name};`);
      continue;
    }
    const names = [...list.matchAll(/(?:^|, )(\w+)/g)].map(([, parameter]) => parameter);
    const head = list.replaceAll(/\b[A-Z]\w+\b/g, (word) => (names.includes(word) ? word : `esm.${word}`));
    lines.push(`export type ${name}<${head}> = esm.${name}<${names.join(", ")}>;`);
  }
  writeFileSync(`${dist}/${entry}.d.cts`, `${lines.join("\n")}\n`);
}

const parameters = typeParameters();
for (const entry of entries) await declareForRequire(entry, parameters);

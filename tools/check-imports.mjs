// Fails when a file of the core imports against the order of the layers, in a circle, or what only
// some places may use. The order is that of docs/design.md.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../packages/cancelable/src", import.meta.url));

/** From the bottom up: a file imports from its own layer and from those before it. */
const layers = [
  ["duration.ts", "usage.ts"],
  ["platform/"],
  ["errors.ts", "reporter.ts"],
  ["token/"],
  // The native clock and timers are below the scopes that default to them; it knows their contract.
  ["scope/", "backends/native-runtime.ts"],
  ["flow/", "sync/", "sources/"],
  // Streams read in an operation's scope; those with an operation of their own are above it.
  ["streams/"],
  ["operation/", "backends/"],
  ["registry/"],
  ["streams/cancellable-stream.ts", "streams/cancellable-transform.ts", "streams/new-operation.ts", "wrap/"],
  ["testing/", "logging/", "terminal/"],
  ["index.ts"],
];

/** What only some places may mention. */
const reserved = [
  { what: /\b(setTimeout|setInterval)\(/, where: /^(backends|testing)\// },
  { what: /\bsetImmediate\(/, where: /^platform\// },
  { what: /\bAbortSignal\.(any|timeout)\(/, where: /^$/ },
  { what: /from "node:/, where: /^platform\/.*\.node\.ts$/ },
  { what: /\bprocess\./, where: /^platform\/.*\.node\.ts$/ },
];

const problems = [];
const layerOf = (file) => {
  let found = -1;
  let length = 0;
  for (const [index, places] of layers.entries()) {
    for (const place of places) {
      if ((place === file || (place.endsWith("/") && file.startsWith(place))) && place.length > length) {
        found = index;
        length = place.length;
      }
    }
  }
  if (found < 0) problems.push(`${file}: belongs to no layer; add it to tools/check-imports.mjs`);
  return found;
};

const files = readdirSync(source, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  .filter((name) => name.endsWith(".ts"));

/** Imports that exist at run time, for the search of circles. */
const edges = new Map();

for (const file of files) {
  const text = readFileSync(join(source, file), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
  for (const { what, where } of reserved) {
    if (what.test(code) && !where.test(file)) problems.push(`${file}: ${what.source} is not used here`);
  }
  const targets = [];
  for (const [statement, clause, specifier] of code.matchAll(
    /(?:import|export)\s+([^;"']*?)\s*from\s+"([^"]+)"/g,
  )) {
    if (!specifier.startsWith(".")) continue;
    const target = relative(source, resolve(source, dirname(file), specifier)).replaceAll("\\", "/");
    const isType =
      /^(import|export)\s+type\b/.test(statement) ||
      (/^\{.*\}$/s.test(clause) &&
        clause
          .slice(1, -1)
          .split(",")
          .every((name) => name.trim() === "" || name.trim().startsWith("type ")));
    if (!isType) targets.push(target);
    // A contract may name what it is a contract for.
    if (!isType && layerOf(target) > layerOf(file)) problems.push(`${file} imports ${target}, a layer above`);
    if (target === "index.ts") problems.push(`${file} imports the package's entry`);
  }
  edges.set(file, targets);
}

/** Depth first; a file that is met again on its own path closes a circle. */
const done = new Set();
const visit = (file, path) => {
  if (path.includes(file)) {
    problems.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    return;
  }
  if (done.has(file)) return;
  for (const target of edges.get(file) ?? []) visit(target, [...path, file]);
  done.add(file);
};
for (const file of files) visit(file, []);

for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${problems.length} against the order of imports`);
process.exitCode = problems.length === 0 ? 0 : 1;

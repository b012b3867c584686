// Tests the packages as users install them: packed and installed in an empty project, used from ESM, from require, and from
// several versions of TypeScript, bundled for a browser, and measured in size. `TYPESCRIPT=5.3,5.9` chooses the versions.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { brokenLinks } from "./absolute-links.mjs";
import { beNewcomer } from "./newcomer.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "cancelable-package-"));
const typescripts = (process.env.TYPESCRIPT ?? "5.4,7.0").split(",");
let failed = 0;

/**
 * Limits of the minified and compressed (gzip) size of an import for a browser, in bytes. Each limit is a little more
 * than the size today, so that growth is noticed. docs/about/cost.md has the original goals.
 */
const budgets = [
  { what: "everything", code: 'export * from "@hother/cancelable";', limit: 50_500 },
  {
    what: "Cancellable",
    code: 'export { Cancellable } from "@hother/cancelable";',
    limit: 26_500,
  },
  {
    what: "token + scope + moveOnAfter",
    code: 'export { CancellationToken, CancelScope, moveOnAfter } from "@hother/cancelable";',
    limit: 14_600,
  },
];

const sh = (command, args, cwd = work) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

async function check(title, body) {
  try {
    const output = await body();
    console.log(`ok      ${title}${output === undefined ? "" : `: ${output}`}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${title}: ${error.message}\n${error.stdout ?? ""}${error.stderr ?? ""}`);
  }
}

const packed = readdirSync(`${root}packages`).map((name) => {
  const folder = `${root}packages/${name}`;
  const [{ filename, size, files }] = JSON.parse(
    sh("npm", ["pack", "--json", "--pack-destination", work], folder),
  );
  console.log(`${filename}: ${files.length} files, ${size} bytes`);
  return { name, folder, tarball: join(work, filename), files: new Set(files.map(({ path }) => path)) };
});
const tarballs = packed.filter(({ name }) => !name.startsWith("migrate")).map(({ tarball }) => tarball);

const versions = new Set(
  packed.map(({ folder }) => JSON.parse(readFileSync(`${folder}/package.json`, "utf8")).version),
);
await check("one version", () => {
  if (versions.size !== 1) throw new Error([...versions].join());
  return [...versions][0];
});

for (const { name, folder, files } of packed) {
  await check(`contents of ${name}`, () => {
    const manifest = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
    const lacks = ["README.md", "CHANGELOG.md", "LICENSE"].filter((file) => !files.has(file));
    const [, newest] = /^## (.*)$/m.exec(readFileSync(`${folder}/CHANGELOG.md`, "utf8")) ?? [];
    if (newest !== manifest.version) lacks.push(`a chapter ${manifest.version} at the top of CHANGELOG.md`);
    for (const field of [
      "author",
      "bugs",
      "description",
      "engines",
      "funding",
      "homepage",
      "keywords",
      "license",
      "repository",
    ])
      if (manifest[field] === undefined) lacks.push(field);
    if (manifest.publishConfig?.provenance !== true || manifest.publishConfig.access !== "public")
      lacks.push("publishConfig");
    if (manifest.repository?.directory !== `packages/${name}`) lacks.push("repository.directory");
    for (const file of ["README.md", "CHANGELOG.md"])
      for (const link of brokenLinks(readFileSync(`${folder}/${file}`, "utf8")))
        lacks.push(`the target of ${link} in ${file}`);
    // "Go to definition" follows these maps to the source.
    let maps = 0;
    for (const file of files) {
      if (file.endsWith(".d.ts") && !file.startsWith("src/") && !files.has(`${file}.map`))
        lacks.push(`${file}.map`);
      if (!file.endsWith(".d.ts.map")) continue;
      maps++;
      for (const source of JSON.parse(readFileSync(`${folder}/${file}`, "utf8")).sources)
        if (!files.has(posix.join(posix.dirname(file), source))) lacks.push(source);
    }
    if (lacks.length > 0) throw new Error(`lacks ${lacks.join(", ")}`);
    return `${maps} declaration maps`;
  });
}
const { effect, effection } = JSON.parse(
  readFileSync(`${root}/packages/backends/package.json`, "utf8"),
).devDependencies;

const { piscina } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")).devDependencies;

const consumer = join(work, "consumer");
mkdirSync(consumer);
writeFileSync(join(consumer, "package.json"), '{ "private": true }');
sh(
  "npm",
  [
    "install",
    "--no-audit",
    "--no-fund",
    ...tarballs,
    `effect@${effect}`,
    `effection@${effection}`,
    ...typescripts.map((version) => `typescript-${version}@npm:typescript@${version}`),
    "@types/node@20",
    `piscina@${piscina}`,
  ],
  consumer,
);

await check("ESM", () => {
  writeFileSync(
    join(consumer, "use.mjs"),
    `import { moveOnAfter, sleep } from "@hother/cancelable";
     import { VirtualBackend } from "@hother/cancelable/testing";
     console.log(await moveOnAfter(5, () => sleep(1000)), new VirtualBackend().now());`,
  );
  return sh(process.execPath, ["use.mjs"], consumer).trim();
});

await check("require", () => {
  writeFileSync(
    join(consumer, "use.cjs"),
    `const { Cancellable } = require("@hother/cancelable");
     import("@hother/cancelable").then((esm) => console.log(esm.Cancellable === Cancellable ? "one copy" : "two copies"));
     Cancellable.withTimeout(5).settle((op) => op.sleep(1000)).then((outcome) => console.log(outcome.status));`,
  );
  const output = sh(process.execPath, ["--no-warnings", "use.cjs"], consumer).trim();
  if (output !== "one copy\ncancelled") throw new Error(`printed ${output}`);
  return output.replace("\n", ", ");
});

// Node itself never loads these files. Tools that know neither `module-sync` nor `import` do.
await check("CommonJS files", () => {
  writeFileSync(
    join(consumer, "common.cjs"),
    `const files = require("node:path").join(__dirname, "node_modules/@hother/cancelable/dist/cjs");
     const { CancelScope, sleep } = require(files + "/index.cjs");
     const { runInThread, PiscinaPool } = require(files + "/threads.cjs");
     const { VirtualBackend } = require(files + "/testing.cjs");
     (async () => {
       const scope = new CancelScope({ timeout: 5 });
       await scope.run(() => sleep(60_000));
       const pool = new PiscinaPool({ threads: 1 });
       const sum = await runInThread((a, b) => a + b, [1, 2], { pool });
       await pool.close();
       console.log(scope.cancelledCaught, sum, new VirtualBackend().now());
     })();`,
  );
  const output = sh(process.execPath, ["common.cjs"], consumer).trim();
  if (output !== "true 3 0") throw new Error(`printed ${output}`);
});

await check("cold import", () => {
  writeFileSync(join(consumer, "empty.mjs"), "export const nothing = 0;");
  const files = {
    empty: join(consumer, "empty.mjs"),
    published: join(consumer, "node_modules/@hother/cancelable/dist/node/index.js"),
    unbundled: `${root}packages/cancelable/dist/index.js`,
  };
  const times = Object.fromEntries(Object.keys(files).map((name) => [name, []]));
  for (let round = 0; round < 9; round++) {
    for (const [name, file] of Object.entries(files)) {
      const program = `const start = performance.now(); await import(${JSON.stringify(pathToFileURL(file).href)}); console.log(performance.now() - start);`;
      times[name].push(Number(sh(process.execPath, ["--input-type=module", "-e", program])));
    }
  }
  // The fastest, because other programs only add to it.
  const [empty, published, unbundled] = Object.values(times).map((list) => Math.min(...list));
  const figures = `${published.toFixed(1)} ms, an empty module ${empty.toFixed(1)} ms, not bundled ${unbundled.toFixed(1)} ms`;
  // In one run, because the machine is not always the same.
  if (published > 10 * empty || published > 0.3 * unbundled) throw new Error(figures);
  return figures;
});

await check("backends", () => {
  writeFileSync(
    join(consumer, "backends.mjs"),
    `import { detectBackend, sleep } from "@hother/cancelable";
     import { fromCancellable } from "@hother/cancelable-backends/effect";
     import "@hother/cancelable-backends/effection";
     import { Cancellable } from "@hother/cancelable";
     import { Effect } from "effect";
     import { call, run } from "effection";
     const code = async () => { await sleep(1); return detectBackend().name; };
     console.log(
       await code(),
       await Effect.runPromise(fromCancellable(new Cancellable(), code)),
       await run(function* () { return yield* call(code); }),
     );`,
  );
  const output = sh(process.execPath, ["backends.mjs"], consumer).trim();
  if (output !== "native effect effection") throw new Error(`printed ${output}`);
  return output;
});

await check("terminal", () => {
  writeFileSync(
    join(consumer, "terminal.mjs"),
    `import { Cancellable } from "@hother/cancelable";
     import { renderProgress } from "@hother/cancelable-terminal";
     const job = new Cancellable({ name: "job" });
     const view = renderProgress(job);
     await job.run(() => undefined);
     await view[Symbol.asyncDispose]();`,
  );
  const output = sh(process.execPath, ["terminal.mjs"], consumer);
  if (!/ job {2}completed /.test(output)) throw new Error(`printed ${output}`);
});

await check("integrations", () => {
  writeFileSync(
    join(consumer, "service.mjs"),
    `import { once } from "node:events";
     import { createServer } from "node:http";
     import { moveOnAfter, sleep } from "@hother/cancelable";
     import { fetch } from "@hother/cancelable-integrations/fetch";
     import { requestListener } from "@hother/cancelable-integrations/node-http";
     import { gracefulShutdown } from "@hother/cancelable-integrations/shutdown";
     const reasons = [];
     const server = createServer(
       requestListener(() => sleep(60_000), { onEnd: (end) => reasons.push(end.reason) }),
     );
     await once(server.listen(0, "127.0.0.1"), "listening");
     const arrived = once(server, "request");
     const url = "http://127.0.0.1:" + server.address().port;
     const left = moveOnAfter(1_000_000, async (scope) => {
       void arrived.then(() => scope.cancel());
       await fetch(url);
     });
     await left;
     await gracefulShutdown(server);
     console.log(reasons.join());`,
  );
  const output = sh(process.execPath, ["service.mjs"], consumer).trim();
  if (output !== "disconnect") throw new Error(`printed ${output}`);
  return output;
});

const program = `
  import { all, Cancellable, type CancellationToken, type Outcome, moveOnAfter, sleep, taskGroup } from "@hother/cancelable";
  import { VirtualBackend } from "@hother/cancelable/testing";
  const value: number | undefined = await moveOnAfter(5, async (scope) => { scope.check(); return 1; });
  const outcome: Outcome<string> = await Cancellable.withTimeout({ seconds: 1 }).settle(async (op) => op.id);
  const [a, b] = await all([async () => 1, async () => "two"]);
  const n: number = a; const s: string = b;
  await taskGroup(async (group) => { const task = group.startSoon(async (x: number) => x, 1); const r: number = await task; void r; });
  await sleep({ milliseconds: 1 });
  if (outcome.status === "completed") console.log(outcome.value, value, n, s, new VirtualBackend().now());
  export type Token = CancellationToken;
`;
/** The declarations of all entries for `require`. Some of them need the types of Node. */
const entriesProgram = `
  import type * as calls from "@hother/cancelable/calls";
  import type * as extending from "@hother/cancelable/extending";
  import type * as inspect from "@hother/cancelable/inspect";
  import type * as logging from "@hother/cancelable/logging";
  import type * as process from "@hother/cancelable/process";
  import type * as testing from "@hother/cancelable/testing";
  import type * as threads from "@hother/cancelable/threads";
  export type Entries = [
    typeof calls, typeof extending, typeof inspect, typeof logging, typeof process, typeof testing, typeof threads,
  ];
`;

/** CommonJS in the same program: its classes and types are those of the ES modules. */
const commonProgram = `
  import { CancellationToken, type Outcome, Queue } from "@hother/cancelable";
  import type { PriorityQueue } from "@hother/cancelable/sync";
  import type * as esm from "./use.mts" with { "resolution-mode": "import" };
  export const token: esm.Token = new CancellationToken();
  export const queue: Queue<number> = new Queue<number>();
  export type Lines = PriorityQueue<number>;
`;
for (const version of typescripts) {
  const compiler = join("node_modules", `typescript-${version}`, "bin", "tsc");
  const isOld = version.startsWith("5.");
  const lib = ["es2022", "dom", ...(isOld ? [] : ["esnext.disposable"])];
  /** Compiles the programs, with the declarations of the library itself. */
  const compile = (files, types) => {
    for (const [file, text] of Object.entries(files)) writeFileSync(join(consumer, file), text);
    writeFileSync(
      join(consumer, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: "es2022",
          module: isOld ? "node16" : "nodenext",
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          lib,
          types,
        },
        files: Object.keys(files),
      }),
    );
    sh(process.execPath, [compiler, "-p", "."], consumer);
  };
  await check(`TypeScript ${version}`, () =>
    compile({ "use.mts": program, "use-common.cts": commonProgram }, []),
  );
  await check(`TypeScript ${version}, all entries by require`, () =>
    compile({ "entries.cts": entriesProgram }, ["node"]),
  );
}

/** A bundle for a browser: its file, and the size of the compressed file. */
async function bundle(code, plugins = []) {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: consumer },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    plugins,
  });
  const { contents, text } = outputFiles[0];
  return { contents, text, bytes: gzipSync(contents, { level: 9 }).length };
}

for (const { what, code, limit } of budgets) {
  await check(`size of ${what}`, async () => {
    const { contents, text, bytes } = await bundle(code);
    if (/from\s*"node:|import\("node:|require\("node:/.test(text))
      throw new Error("the bundle imports node:");
    if (bytes > limit) throw new Error(`${bytes} bytes compressed, more than ${limit}`);
    return `${contents.length} bytes minified, ${bytes} compressed (limit ${limit})`;
  });
}

/** The library as `tsc` writes it, one file for each source file, for browsers. */
const notBundled = {
  name: "not bundled",
  setup(bundling) {
    const dist = `${root}packages/cancelable/dist`;
    bundling.onResolve({ filter: /^@hother\/cancelable$/ }, () => ({
      path: `${dist}/index.js`,
      sideEffects: false,
    }));
    bundling.onResolve({ filter: /^#platform\// }, ({ path }) => ({
      path: `${dist}/${path.slice(1)}.web.js`,
      sideEffects: false,
    }));
  },
};
for (const names of ["moveOnAfter, sleep", "Cancellable", "CancellationToken"]) {
  await check(`a bundle with ${names}`, async () => {
    const code = `export { ${names} } from "@hother/cancelable";`;
    const [{ bytes: published }, { bytes: before }] = [await bundle(code), await bundle(code, [notBundled])];
    const figures = `${published} bytes compressed, ${before} from one file for each source file`;
    if (published > 1.01 * before) throw new Error(figures);
    return figures;
  });
}

for (const { name, tarball } of packed) {
  await check(`publint of ${name}`, () => void sh("npx", ["publint", "--strict", tarball], root));
  // The core has declarations for `require`, too.
  const profile = name === "cancelable" ? "node16" : "esm-only";
  await check(
    `are the types of ${name} wrong`,
    () => void sh("npx", ["attw", "--profile", profile, tarball], root),
  );
}

await check("a newcomer, from the README alone", async () => {
  const lines = [];
  await beNewcomer(packed.find(({ name }) => name === "cancelable").tarball, (line) => lines.push(line));
  return `\n        ${lines.join("\n        ")}`;
});

await check("dry run of a release", () => {
  const { status, stdout, stderr } = spawnSync("npm", ["publish", "--dry-run", "--workspaces"], {
    cwd: root,
    encoding: "utf8",
  });
  // npm removes what it does not accept, for example a program of a package, and goes on.
  if (status !== 0 || stderr.includes("errors corrected")) throw new Error(stderr);
  return stdout.trim().replaceAll("\n", ", ");
});

rmSync(work, { recursive: true });
process.exitCode = failed === 0 ? 0 : 1;

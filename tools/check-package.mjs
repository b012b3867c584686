// Tests the packages as users install them: packed and installed in an empty project, used from ESM, from require, and from
// an old and a new TypeScript, bundled for a browser, and measured in size.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = mkdtempSync(join(tmpdir(), "cancelable-package-"));
let failed = 0;

/**
 * Limits of the minified and compressed (gzip) size of an import for a browser, in bytes. Each limit is a little more
 * than the size today, so that growth is noticed. docs/design.md has the original goals.
 */
const budgets = [
  { what: "everything", code: 'export * from "@hother/cancelable";', limit: 37_500 },
  {
    what: "Cancellable",
    code: 'export { Cancellable } from "@hother/cancelable";',
    limit: 22_800,
  },
  {
    what: "token + scope + moveOnAfter",
    code: 'export { CancellationToken, CancelScope, moveOnAfter } from "@hother/cancelable";',
    limit: 11_600,
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

const tarballs = ["cancelable", "backends", "terminal"].map((name) => {
  const [{ filename, size, files }] = JSON.parse(
    sh("npm", ["pack", "--json", "--pack-destination", work], `${root}/packages/${name}`),
  );
  console.log(`${filename}: ${files.length} files, ${size} bytes`);
  return join(work, filename);
});
const { effect, effection } = JSON.parse(
  readFileSync(`${root}/packages/backends/package.json`, "utf8"),
).devDependencies;

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
    "old@npm:typescript@5.4",
    "new@npm:typescript@7.0.2",
    "@types/node@20",
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
     Cancellable.withTimeout(5).settle((op) => op.sleep(1000)).then((outcome) => console.log(outcome.status));`,
  );
  return sh(process.execPath, ["--no-warnings", "use.cjs"], consumer).trim();
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

const program = `
  import { all, Cancellable, type Outcome, moveOnAfter, sleep, taskGroup } from "@hother/cancelable";
  import { VirtualBackend } from "@hother/cancelable/testing";
  const value: number | undefined = await moveOnAfter(5, async (scope) => { scope.check(); return 1; });
  const outcome: Outcome<string> = await Cancellable.withTimeout({ seconds: 1 }).settle(async (op) => op.id);
  const [a, b] = await all([async () => 1, async () => "two"]);
  const n: number = a; const s: string = b;
  await taskGroup(async (group) => { const task = group.startSoon(async (x: number) => x, 1); const r: number = await task; void r; });
  await sleep({ milliseconds: 1 });
  if (outcome.status === "completed") console.log(outcome.value, value, n, s, new VirtualBackend().now());
`;
for (const [name, lib] of [
  ["old", ["es2022", "dom"]],
  ["new", ["es2022", "esnext.disposable", "dom"]],
]) {
  const { version } = JSON.parse(readFileSync(join(consumer, "node_modules", name, "package.json"), "utf8"));
  await check(`TypeScript ${version}`, () => {
    writeFileSync(join(consumer, "use.mts"), program);
    writeFileSync(
      join(consumer, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: "es2022",
          module: "nodenext",
          moduleResolution: "nodenext",
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          lib,
          types: [],
        },
        files: ["use.mts"],
      }),
    );
    sh(process.execPath, [join("node_modules", name, "bin", "tsc"), "-p", "."], consumer);
  });
}

for (const { what, code, limit } of budgets) {
  await check(`size of ${what}`, async () => {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: consumer },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      platform: "browser",
      target: "es2022",
    });
    const { contents, text } = outputFiles[0];
    if (/from\s*"node:|import\("node:|require\("node:/.test(text))
      throw new Error("the bundle imports node:");
    const bytes = gzipSync(contents, { level: 9 }).length;
    if (bytes > limit) throw new Error(`${bytes} bytes compressed, more than ${limit}`);
    return `${contents.length} bytes minified, ${bytes} compressed (limit ${limit})`;
  });
}

for (const tarball of tarballs) {
  await check("publint", () => void sh("npx", ["publint", "--strict", tarball], root));
  await check("are the types wrong", () => void sh("npx", ["attw", "--profile", "esm-only", tarball], root));
}

rmSync(work, { recursive: true });
process.exitCode = failed === 0 ? 0 : 1;

import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, statSync, symlinkSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { promisesTool } from "../../src/tool.ts";
import { after, before, cli, marked, Project } from "../support/project.ts";

/** Runs the body as another user: root ignores permissions. */
async function asNobody<T>(body: () => Promise<T>): Promise<T> {
  // Modules that are loaded on demand may not be readable for another user.
  await cli("promises", "--list-rules");
  if (process.getuid?.() !== 0) return body();
  process.seteuid?.(65534);
  try {
    return await body();
  } finally {
    process.seteuid?.(0);
  }
}

describe("A run without --write", () => {
  test("shows a diff and changes nothing.", async () => {
    using project = new Project({ "a.ts": before });
    const { code, out } = await cli("promises", project.root);
    expect(code).toBe(1);
    expect(out).toContain("-  await new Promise((r) => setTimeout(r, 5));\n+  await sleep(5);\n");
    expect(out).toContain("1 file to change (1 edit)");
    expect(project.read("a.ts")).toBe(before);
  });

  test("colours the diff with --color.", async () => {
    using project = new Project({ "a.ts": before });
    const { out } = await cli("promises", project.root, "--color");
    expect(out).toContain("\u001b[32m+  await sleep(5);");
  });

  test("lists only the files with --check.", async () => {
    using project = new Project({ "a.ts": before });
    const { code, out } = await cli("promises", project.root, "--check");
    expect(code).toBe(1);
    expect(out).toContain("a.ts: needs changes\n");
    expect(out).not.toContain("+  await");
  });

  test("exits with 0 when there is nothing to do, 2 when places are left for review, 3 on errors.", async () => {
    using nothing = new Project({ "a.ts": "export {};\n" });
    expect((await cli("promises", nothing.root)).code).toBe(0);
    using review = new Project({ "a.ts": before, "b.ts": marked });
    const { code, out } = await cli("promises", review.root);
    expect(code).toBe(2);
    expect(out).toContain("b.ts:1:1 process-signal");
    using broken = new Project({ "a.ts": "new Promise(;\n", "b.ts": before });
    expect((await cli("promises", broken.root)).code).toBe(3);
  });
});

describe("A run with --write", () => {
  test("changes the files, and a second one changes nothing.", async () => {
    using project = new Project({ "src/a.ts": before, "src/b.ts": marked });
    chmodSync(project.path("src/a.ts"), 0o755);
    expect((await cli("promises", project.root, "--write")).code).toBe(2);
    expect(project.read("src/a.ts")).toBe(after);
    expect(project.read("src/b.ts")).toBe(marked);
    expect(statSync(project.path("src/a.ts")).mode & 0o777).toBe(0o755);
    expect(readdirSync(project.path("src"))).toEqual(["a.ts", "b.ts"]);
    const again = await cli("promises", project.root, "--write");
    expect(again.out).toContain("0 files changed");
    expect(project.read("src/a.ts")).toBe(after);
  });

  test("refuses a git tree with uncommitted changes, unless --force is given.", async () => {
    using project = new Project({ "a.ts": before });
    execFileSync("git", ["init", "-q", project.root]);
    const refused = await cli("promises", project.root, "--write");
    expect(refused).toMatchObject({ code: 3, out: "" });
    expect(refused.err).toContain("uncommitted changes");
    expect(project.read("a.ts")).toBe(before);
    expect((await cli("promises", project.root, "--write", "--force")).code).toBe(1);
    expect(project.read("a.ts")).toBe(after);
  });

  test("makes structural rewrites only with --structural.", async () => {
    const text = 'import delay from "delay";\nexport const f = () => delay(5);\n';
    using project = new Project({ "a.ts": text });
    expect((await cli("promises", project.root, "--write")).code).toBe(2);
    expect(project.read("a.ts")).toBe(text);
    expect((await cli("promises", project.root, "--write", "--structural")).code).toBe(1);
    expect(project.read("a.ts")).toBe(
      'import { sleep } from "@hother/cancelable";\nexport const f = () => sleep(5);\n',
    );
  });

  test("names each package.json that needs the library.", async () => {
    using project = new Project({
      "a/package.json": "{}",
      "a/src/a.ts": before,
      "b/package.json": '{ "dependencies": { "@hother/cancelable": "*" } }',
      "b/b.ts": before,
      "c/package.json": "{}",
      "c/c.ts": marked,
    });
    const { out } = await cli("promises", project.root, "--write");
    expect(out.match(/^Add .*$/gm)).toEqual([
      expect.stringMatching(/^Add @hother\/cancelable to the dependencies in .*a\/package\.json\.$/),
    ]);
  });

  test("shows marks with the same text once.", async () => {
    const text = "export const f = (signal) => signal.aborted || g(signal.aborted);\n";
    using project = new Project({ "a.js": text });
    const { out } = await cli("promises", project.root);
    expect(out).toContain("a.js:1:30 signal-aborted signal.aborted; also 1:50\n");
    expect(out).toContain("2 places left for review");
  });

  test("writes the target of a link; the link stays a link.", async () => {
    using project = new Project({ "real/a.ts": before });
    symlinkSync(project.path("real/a.ts"), project.path("link.ts"));
    await cli("promises", project.path("link.ts"), "--write");
    expect(project.read("real/a.ts")).toBe(after);
    expect(project.read("link.ts")).toBe(after);
  });
});

describe("The choice of files", () => {
  test("leaves out files that git ignores, node_modules and declarations, unless a file is named.", async () => {
    using project = new Project({
      ".gitignore": "dist/\n*.gen.ts\n",
      "dist/a.ts": before,
      "a.gen.ts": before,
      "src/.gitignore": "!keep.gen.ts\nlocal.ts\n",
      "src/keep.gen.ts": before,
      "src/local.ts": before,
      "node_modules/x/a.ts": before,
      "types.d.ts": before,
      "src/a.ts": before,
    });
    const { out } = await cli("promises", project.root, "--check");
    expect(out.match(/[\w./-]+(?=: needs)/g)).toEqual([
      project.path("src/a.ts"),
      project.path("src/keep.gen.ts"),
    ]);
    // A named file is read.
    expect((await cli("promises", project.path("dist/a.ts"))).code).toBe(1);
  });

  test("finds a file under its own path, not under a link to it or to its folder.", async () => {
    using project = new Project({
      "src/a.ts": before,
      "src/script": before,
      "packages/x/package.json": "{}",
    });
    using elsewhere = new Project({ "b.ts": before });
    symlinkSync("../../src", project.path("packages/x/src"));
    symlinkSync("../../src/a.ts", project.path("packages/x/a.ts"));
    symlinkSync("../../src/script", project.path("packages/x/script.ts"));
    symlinkSync(elsewhere.root, project.path("packages/elsewhere"));
    const { out } = await cli("promises", project.root, "--check");
    expect(out.match(/[\w./-]+(?=: needs)/g)).toEqual(
      ["packages/elsewhere/b.ts", "packages/x/script.ts", "src/a.ts"].map((name) => project.path(name)),
    );
  });

  test("takes --include and --exclude in the syntax of .gitignore.", async () => {
    using project = new Project({ "src/a.ts": before, "src/a.test.ts": before, "lib/a.ts": before });
    const { out } = await cli(
      "promises",
      project.root,
      "--check",
      "--include",
      "src/**",
      "--exclude",
      "*.test.ts",
    );
    expect(out.match(/[\w./-]+(?=: needs)/g)).toEqual([project.path("src/a.ts")]);
  });

  test("applies only the rules of --only.", async () => {
    using project = new Project({ "a.ts": before + marked });
    const { code, out } = await cli("promises", project.root, "--only", "process-signal");
    expect(code).toBe(2);
    expect(out).not.toContain("sleep");
  });
});

describe("Bad input", () => {
  test("is reported and skipped; other files are changed.", async () => {
    using project = new Project({
      "broken.ts": "await new Promise(;\n",
      "deep.ts": `setTimeout(${"[\n".repeat(50_000)}${"]\n".repeat(50_000)});\n`,
      "latin1.ts": Buffer.from("// caf\xe9 setTimeout\n", "latin1"),
      "huge.ts": `// ${"x".repeat(10_000_000)}\n`,
      "good.ts": before,
    });
    symlinkSync(project.root, project.path("loop"));
    symlinkSync(project.path("b.ts"), project.path("a.ts"));
    symlinkSync(project.path("a.ts"), project.path("b.ts"));
    const { code, out } = await cli("promises", project.root, "--write");
    expect(code).toBe(3);
    expect(out).toMatch(/broken\.ts: \S/);
    expect(out).toMatch(/deep\.ts: \S/);
    expect(out).not.toContain("the tool failed");
    expect(out).toContain("latin1.ts: is not valid UTF-8");
    expect(out).toContain("huge.ts: is too large: 10.0 MB");
    expect(out).toContain("loop: is a link to a folder that contains it");
    expect(out).toContain("a.ts: cannot be read: ELOOP");
    expect(project.read("good.ts")).toBe(after);
  });

  test("without permission is reported.", async () => {
    using project = new Project({ "secret.ts": before, "closed/a.ts": before, "good.ts": before });
    chmodSync(project.root, 0o777);
    chmodSync(project.path("secret.ts"), 0);
    chmodSync(project.path("closed"), 0);
    const { code, out } = await asNobody(() => cli("promises", project.root, "--write"));
    chmodSync(project.path("closed"), 0o755);
    expect(code).toBe(3);
    expect(out).toContain("secret.ts: cannot be read: EACCES");
    expect(out).toContain("closed: cannot be read: EACCES");
    expect(project.read("good.ts")).toBe(after);
  });

  test("that cannot be written is reported; no temporary file is left.", async () => {
    using project = new Project({ "closed/a.ts": before, "open/a.ts": before });
    chmodSync(project.root, 0o755);
    chmodSync(project.path("closed"), 0o555);
    chmodSync(project.path("open"), 0o777);
    const { code, out } = await asNobody(() => cli("promises", project.root, "--write"));
    expect(code).toBe(3);
    expect(out).toContain("closed/a.ts: cannot be written: EACCES");
    expect(project.read("closed/a.ts")).toBe(before);
    expect(readdirSync(project.path("closed"))).toEqual(["a.ts"]);
    expect(project.read("open/a.ts")).toBe(after);
  });

  test.skipIf(process.platform === "win32")("that is a pipe is reported, not read.", async () => {
    using project = new Project({ "good.ts": before });
    execFileSync("sh", ["-c", 'mkfifo "$0"', project.path("pipe.ts")]);
    symlinkSync("pipe.ts", project.path("link.ts"));
    const { code, out } = await cli("promises", project.root);
    expect(code).toBe(3);
    expect(out).toContain("pipe.ts: cannot be read: not a regular file");
    expect(out).toContain("+  await sleep(5);");
    expect((await cli("promises", project.path("pipe.ts"))).code).toBe(3);
  });

  test("that does not exist is an error.", async () => {
    const { code, out } = await cli("promises", "/no/such/folder");
    expect(code).toBe(3);
    expect(out).toContain("/no/such/folder: cannot be read: ENOENT");
  });

  test("on the command line exits with 3 and an explanation.", async () => {
    expect(await cli("callbacks", ".")).toMatchObject({
      code: 3,
      err: expect.stringContaining("Usage: cancelable-migrate promises <path...>"),
    });
    expect(await cli("asyncio", ".")).toMatchObject({
      code: 3,
      err: expect.stringContaining("asyncio-to-anyio of @hother/cancelable-migrate-asyncio"),
    });
    expect(await cli("promises")).toMatchObject({ code: 3, err: expect.stringContaining("No path") });
    expect(await cli("promises", ".", "--only", "nothing")).toMatchObject({ code: 3 });
    expect(await cli("promises", ".", "--jobs", "0")).toMatchObject({ code: 3 });
    expect(await cli("promises", ".", "--write", "--check")).toMatchObject({ code: 3 });
    expect(await cli("--list-rules")).toEqual(await cli("promises", "--list-rules"));
    expect(await cli("--version")).toMatchObject({ code: 0, out: `${promisesTool.version}\n` });
    expect(await cli("--help")).toMatchObject({ code: 0, out: expect.stringContaining("--structural") });
  });

  test("keeps a byte order mark and CRLF.", async () => {
    using project = new Project({ "a.ts": `\uFEFF${before.replaceAll("\n", "\r\n")}` });
    await cli("promises", project.root, "--write");
    expect(project.read("a.ts")).toBe(`\uFEFF${after.replaceAll("\n", "\r\n")}`);
  });
});

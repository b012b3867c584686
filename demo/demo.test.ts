import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { WriteStream } from "node:tty";
import { fileURLToPath } from "node:url";
import { Cancellable, CancellationToken, sleep } from "@hother/cancelable";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Board } from "./board.mjs";
import { sha256 } from "./hash.mjs";
import { Table } from "./table.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly ms: number;
  readonly output: string;
  readonly errors: string;
}

let folder: string;
let running: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-test-"));
});

afterEach(async () => {
  running?.kill("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

/**
 * Runs the demo to its end, `slower` times as slow as for a user. Calls `onOutput` with the whole output so far whenever
 * more arrives.
 */
function runDemo(onOutput?: (output: string, child: ChildProcess) => void, slower = 1): Promise<Ended> {
  const started = performance.now();
  const child = spawn(process.execPath, ["demo/main.mjs"], {
    cwd: root,
    env: { ...process.env, DEMO_TMP: folder, DEMO_SLOWER: `${slower}` },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    onOutput?.(output, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      resolve({ code, signal, ms: performance.now() - started, output, errors });
    });
  });
}

/** Sends `signal` once, when one download is done, one has failed, and the others are in progress for many seconds. */
function signalOnTheWay(signal: NodeJS.Signals): Promise<Ended> {
  let sent = false;
  return runDemo((output, child) => {
    const begun = ["photo.jpg", "song.flac", "video.mp4", "report.pdf", "backup.tar", "huge.iso"];
    const moments = [
      /readme\.txt +done/,
      /broken\.zip +failed/,
      ...begun.map((name) => new RegExp(`${name} +downloading`)),
    ];
    if (sent || !moments.every((moment) => moment.test(output))) return;
    sent = true;
    child.kill(signal);
  }, 20);
}

/** The lines of the summary by file: the state, and the reason or the checksum. */
function summaryOf(output: string): Record<string, { readonly state: string; readonly detail: string }> {
  const rows = output
    .slice(output.indexOf("Summary:"))
    .matchAll(/^ {2}(\S+) +(done|corrupt|failed|timed out|cancelled) +(.+)$/gm);
  return Object.fromEntries(
    [...rows].map(([, name, state, detail]) => [name, { state: state ?? "", detail: detail ?? "" }]),
  );
}

const row = (state: string, detail: RegExp): object => ({ state, detail: expect.stringMatching(detail) });

describe("without a signal", () => {
  test("ends within 15 s with exit code 0, shows the state of each file, and prints plain lines", async () => {
    const { code, ms, output, errors } = await runDemo();
    expect(errors).toBe("");
    expect(code).toBe(0);
    expect(ms).toBeLessThan(15_000);
    expect(summaryOf(output)).toEqual({
      "readme.txt": row("done", /sha256 [0-9a-f]{12}… matches$/),
      "photo.jpg": row("done", /sha256 [0-9a-f]{12}… matches$/),
      "song.flac": row("done", /sha256 [0-9a-f]{12}… matches$/),
      "video.mp4": row("done", /sha256 [0-9a-f]{12}… matches$/),
      "report.pdf": row("corrupt", /sha256 [0-9a-f]{12}… does not match$/),
      "backup.tar": row("timed out", /own limit of 3 s/),
      "broken.zip": row("failed", /HTTP 500/),
      "huge.iso": row("cancelled", /deadline of 6 s/),
    });
    expect(output).toContain("Partial files: 3 removed, 0 left");
    expect(output).toContain("Connections: 8 made, 0 left open");
    expect(await readdir(folder)).toEqual([]);
    // No escape sequences and no control characters that make a terminal overwrite a line.
    expect([...output].filter((character) => character < " " && character !== "\n")).toEqual([]);
    expect(output).toMatch(/^\[ *\d+\.\d s\] video\.mp4 +downloading +50 % of 9\.0 MB$/m);
  });
});

describe.each([
  ["SIGINT", 130, "Ctrl-C"],
  ["SIGTERM", 143, "SIGTERM"],
] as const)("%s", (signal, exitCode, reason) => {
  test(`cancels the running downloads, leaves nothing behind and exits with ${exitCode}`, async () => {
    const ended = await signalOnTheWay(signal);
    expect(ended.errors).toBe(`Cancelled by ${signal}. Ends at once after 10 s, or with a second signal.\n`);
    // The process was not killed. It ended by itself.
    expect(ended.signal).toBeNull();
    expect(ended.code).toBe(exitCode);
    expect(summaryOf(ended.output)).toEqual({
      "readme.txt": row("done", /matches$/),
      "photo.jpg": row("cancelled", new RegExp(`^${reason};`)),
      "song.flac": row("cancelled", new RegExp(`^${reason};`)),
      "video.mp4": row("cancelled", new RegExp(`^${reason};`)),
      "report.pdf": row("cancelled", new RegExp(`^${reason};`)),
      "backup.tar": row("cancelled", new RegExp(`^${reason};`)),
      "broken.zip": row("failed", /HTTP 500/),
      "huge.iso": row("cancelled", new RegExp(`^${reason};`)),
    });
    expect(ended.output).toContain("Partial files: 6 removed, 0 left");
    expect(ended.output).toContain("Connections: 8 made, 0 left open");
    expect(await readdir(folder)).toEqual([]);
  });
});

/** Sends `signal` when the last file exists that the server sends: from then on the checksums are computed. */
function signalWhileHashing(signal: NodeJS.Signals): Promise<Ended> {
  const ended = runDemo();
  const child = running;
  const send = async (): Promise<void> => {
    while (!(await readdir(folder)).some((name) => existsSync(join(folder, name, "served", "huge.iso"))))
      await sleep(1);
    child?.kill(signal);
  };
  return Promise.all([ended, send()]).then(([result]) => result);
}

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s while threads compute the checksums ends the demo with %i", async (signal, exitCode) => {
  const ended = await signalWhileHashing(signal);
  expect(ended).toMatchObject({ signal: null, code: exitCode });
  expect(ended.errors).toBe(`Cancelled by ${signal}. Ends at once after 10 s, or with a second signal.\n`);
  expect(await readdir(folder)).toEqual([]);
});

describe("a checksum", () => {
  test("is the sha256 of the file", async () => {
    const content = Buffer.alloc(1_000_000, "page ");
    await writeFile(join(folder, "page"), content);
    expect(await sha256(join(folder, "page"))).toBe(createHash("sha256").update(content).digest("hex"));
  });

  test("stops in the middle of a file when it is cancelled", async () => {
    const path = join(folder, "endless");
    const file = await open(path, "wx");
    await file.truncate(1e12); // a hole: no space on the disk, and minutes to hash
    await file.close();
    const token = new CancellationToken();
    const hashing = Cancellable.withToken(token).settle(() => sha256(path));
    await sleep({ seconds: 1 });
    token.cancel("quota");
    expect(await hashing).toMatchObject({ status: "cancelled", error: { reason: "quota" } });
  });
});

test("ends when its output is closed", async () => {
  const { code, signal } = await runDemo((_output, child) => {
    child.stdout?.destroy();
  });
  expect(signal).toBeNull();
  expect(code).toBe(1);
  expect(await readdir(folder)).toEqual([]);
});

test("a table is not painted again once other text follows it", () => {
  const out = new PassThrough({ encoding: "utf8" });
  // A table uses only these parts of a terminal.
  const terminal = Object.assign(out, { columns: 80 }) as unknown as WriteStream;
  const table = new Table(terminal, new Board([{ name: "a.txt", size: 10 }]));
  table.finish();
  expect(out.read()).toContain("a.txt");
  table.leave();
  table.finish();
  expect(out.read()).toBeNull();
});

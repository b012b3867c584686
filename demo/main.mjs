// @ts-check
/*
 * Eight concurrent downloads, each with its own time limit, all with one deadline. Ctrl-C cancels them all.
 *
 *   main (SIGINT, SIGTERM, exit codes)
 *   └─ deadline of 6 s
 *      └─ task group
 *         ├─ the painter
 *         └─ eight downloads, each an operation with its own timeout
 *            └─ the checksum, computed in a worker thread
 *
 * No code here calls `process.exit`. The process ends when all files, timers and connections are closed.
 */
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { all, Cancellable, taskGroup } from "@hother/cancelable";
import { main } from "@hother/cancelable/process";
import { Board } from "./board.mjs";
import { download } from "./download.mjs";
import { deadlineMs, files } from "./files.mjs";
import { Lines } from "./lines.mjs";
import { startServer } from "./server.mjs";
import { makeFiles } from "./stock.mjs";
import { printSummary } from "./summary.mjs";
import { Table } from "./table.mjs";

const out = process.stdout;
const started = performance.now();
/** Filled in during the clean-up. @type {import("./summary.mjs").Aftermath} */
const after = { ms: 0, connections: 0, openConnections: 0, partFiles: [], keptFiles: [], folder: "" };
/** @type {import("./download.mjs").Result[]} */
let results = [];

const board = new Board(files);
// A table can only be overwritten if all its lines fit on the screen.
const live = out.isTTY && process.env.TERM !== "dumb" && (out.rows || 24) > files.length + 2;
const view = live ? new Table(out, board) : new Lines(out);

await main(async (op) => {
  op.onProgress((progress, { metadata }) => {
    if (typeof progress === "object") view.changed(board.progress(String(metadata?.name), progress));
  });
  // `main` writes a notice below the table.
  op.token.onCancel(() => view.leave());
  // With `npm run demo | head`, the reader closes the output early.
  out.on("error", () => op.cancel("disconnect", "the output was closed"));

  const folder = await mkdtemp(join(process.env.DEMO_TMP ?? tmpdir(), "cancelable-demo-"));
  after.folder = folder;
  try {
    await inFolder(op, folder);
  } finally {
    await op.shield(() => rm(folder, { recursive: true }), { timeout: { seconds: 5 } });
    after.ms = performance.now() - started;
    if (results.length > 0) printSummary(out, results, after);
    else out.write("Nothing was downloaded.\n");
  }
  op.check();
});

/** @param {Cancellable} op @param {string} folder */
async function inFolder(op, folder) {
  const [shelf, inbox] = [join(folder, "served"), join(folder, "downloads")];
  await mkdir(shelf);
  await mkdir(inbox);
  await makeFiles(files, shelf);
  const server = await startServer(files, shelf);
  try {
    out.write(`${files.length} downloads from ${server.url} into\n${inbox}\nCtrl-C cancels them.\n\n`);
    await downloadAll(server.url, inbox);
  } finally {
    await op.shield(
      async () => {
        after.connections = server.connections;
        after.openConnections = await server.close();
        const names = await readdir(inbox);
        after.partFiles = names.filter((name) => name.endsWith(".part"));
        after.keptFiles = names.filter((name) => !name.endsWith(".part"));
      },
      { timeout: { seconds: 5 } },
    );
  }
}

/** @param {string} url @param {string} inbox */
async function downloadAll(url, inbox) {
  const everything = Cancellable.withTimeout(deadlineMs, { name: "all downloads" });
  // Only a bug in this file can make the operation fail. If it was cancelled, the results show that.
  const ended = await everything.settle(() =>
    taskGroup(async (group) => {
      const painter = group.startSoon(() => view.repaint());
      results = await all(
        files.map((file) => async () => {
          const result = await download(file, url, inbox);
          view.changed(board.end(result));
          return result;
        }),
      );
      painter.cancel();
    }),
  );
  view.finish();
  if (ended.status === "failed") throw ended.error;
}

// @ts-check
// A service with files: a lock for each note, deadlines, and an end on SIGTERM in which every request gets an answer.
//
//   node examples/programs/service/main.mjs              (plays its own clients, and ends itself)
//   PORT=8080 node examples/programs/service/main.mjs    (serves until Ctrl-C)
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Event, taskGroup } from "@hother/cancelable";
import { main } from "@hother/cancelable/process";
import { playClients } from "./clients.mjs";
import { serve } from "./service.mjs";
import { NoteStore } from "./store.mjs";

await main(async () => {
  const folder = process.env.NOTES ?? (await mkdtemp(join(tmpdir(), "notes-")));
  const store = new NoteStore(folder);
  await store.open();
  try {
    const port = process.env.PORT;
    if (port !== undefined) await serve(store, { port: Number(port), onReady: (url) => console.log(url) });
    else
      await taskGroup(async (group) => {
        const exporting = new Event();
        const onExport = () => exporting.set();
        const url = await group.start((onReady) => serve(store, { onReady, onExport, drain: 50 }));
        group.startSoon(async () => {
          await exporting.wait();
          process.kill(process.pid, "SIGTERM");
        });
        await playClients(url);
      });
  } finally {
    if (process.env.NOTES === undefined) await rm(folder, { recursive: true, force: true });
  }
});

import { expect, test } from "vitest";
import { PiscinaPool, runInThread, type ThreadWork } from "../../src/threads/index.ts";
import { rejection } from "../backends.ts";
import { moduleFile } from "./module-file.ts";

const module = moduleFile(`
  export const hold = (gate) => { Atomics.add(gate, 1, 1); Atomics.wait(gate, 0, 0); return "done"; };
  export const change = (list) => list.push("in the thread");
`);

test("closing a pool waits for the calls in its threads, and refuses further ones (CONF-P13)", async () => {
  const pool = new PiscinaPool({ threads: 2 });
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const hold: ThreadWork<(gate: Int32Array) => string> = { module, export: "hold" };
  const ended: string[] = [];
  const calls = [1, 2].map(async () => void ended.push(await runInThread(hold, [gate], { pool })));
  while (Atomics.load(gate, 1) < 2) await new Promise(setImmediate);
  const closed = pool.close().then(() => ended.push("closed"));
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
  expect(ended).toEqual([]); // the pool waits for the calls
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await Promise.all([...calls, closed]);
  expect(ended.sort()).toEqual(["closed", "done", "done"]);
  expect(await rejection(runInThread(hold, [gate], { pool }))).toMatchObject({ code: "ERR_CLOSED" });
});

test("changes that a call makes in its arguments and metadata stay in the thread (CONF-P17)", async () => {
  const pool = new PiscinaPool({ threads: 1 });
  const change: ThreadWork<(list: string[]) => number> = { module, export: "change" };
  const list = ["of the caller"];
  expect(await runInThread(change, [list], { pool, metadata: { list } })).toBe(2);
  expect(list).toEqual(["of the caller"]);
  await pool.close();
});

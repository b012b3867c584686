import { expect } from "vitest";
import {
  Cancellable,
  type CancellationToken,
  cancellable,
  checkpoint,
  currentOperation,
  registry,
  shield,
  sleep,
  CancellationToken as Token,
  taskGroup,
} from "../src/index.ts";
import { VirtualBackend } from "../src/testing/index.ts";
import { describeEverywhere, rejection } from "./backends.ts";

/** A download in 20 chunks of 5 ms; the received chunks are in `chunks`. */
async function download(op: Cancellable, chunks: number[]): Promise<number> {
  for (let i = 1; i <= 20; i++) {
    await sleep(5);
    chunks.push(i);
    if (i % 5 === 0) op.reportProgress(`${i} of 20`, { progress: (i / 20) * 100 });
  }
  return chunks.length;
}

class Database {
  records: string[] = [];
  state: "idle" | "open" | "committed" | "rolled back" = "idle";
  begin(): void {
    this.state = "open";
  }
  commit(): void {
    this.state = "committed";
  }
  async rollback(): Promise<void> {
    await sleep(1);
    this.records = [];
    this.state = "rolled back";
  }
}

/** Cancels `token` after `ms`, while `body` runs. */
async function cancelledAfter(ms: number, token: CancellationToken, body: () => Promise<unknown>) {
  return taskGroup(async (group) => {
    group.startSoon(async () => {
      await sleep(ms);
      token.cancel();
    });
    return body();
  });
}

describeEverywhere("whole programs", (everywhere) => {
  everywhere("a download stops at its timeout and keeps the received chunks (PAR-RWI-01)", async (t) => {
    const all: number[] = [];
    expect(await new Cancellable({ name: "download" }).run((op) => download(op, all))).toBe(20);
    const begun = t.elapsed();
    const some: number[] = [];
    const outcome = await Cancellable.withTimeout(32).settle((op) => download(op, some));
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(some).toEqual(all.slice(0, some.length));
    // Exact in virtual time. On a busy machine fewer chunks may arrive, and never more.
    if (t.backend instanceof VirtualBackend) expect(some.length).toBe(6);
    else expect(some.length).toBeLessThanOrEqual(6);
    t.expectElapsed(begun + 32);
  });

  everywhere("a cancelled transaction rolls back and gives its reason (PAR-RWI-02)", async () => {
    const insert = cancellable({ name: "insert" }, async (database: Database, count: number) => {
      database.begin();
      try {
        for (let i = 0; i < count; i++) {
          database.records.push(`record ${i}`);
          await sleep(2);
        }
        database.commit();
        return database.records.length;
      } catch (error) {
        await shield(() => database.rollback());
        throw error;
      }
    });
    const database = new Database();
    expect([await insert(database, 5), database.state]).toEqual([5, "committed"]);
    const token = new Token();
    const other = new Database();
    await cancelledAfter(9, token, async () => {
      const outcome = await Cancellable.withToken(token).settle(() => insert(other, 50));
      expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "manual" } });
    });
    expect([other.state, other.records]).toEqual(["rolled back", []]);
  });

  everywhere("a pipeline stops at its current stage (PAR-RWI-03)", async () => {
    const pipeline = async (finished: string[]): Promise<number> => {
      const stage = async (name: string, items: number[], ms: number): Promise<number[]> => {
        const done: number[] = [];
        for (const item of items) {
          await sleep(ms);
          done.push(item * 2);
        }
        finished.push(name);
        return done;
      };
      const fetched = await stage("fetch", [...Array(10).keys()], 10);
      const processed = await stage("process", fetched, 4);
      return (await stage("save", processed, 2)).length;
    };
    const whole: string[] = [];
    expect([await pipeline(whole), whole]).toEqual([10, ["fetch", "process", "save"]]);
    for (const [ms, most] of [
      [60, 0],
      [120, 1],
      [150, 2],
    ] as const) {
      const finished: string[] = [];
      const token = new Token();
      await cancelledAfter(ms, token, () => Cancellable.withToken(token).settle(() => pipeline(finished)));
      // On a busy machine the pipeline may be behind, and never ahead.
      expect(finished.length).toBeLessThanOrEqual(most);
    }
  });

  everywhere("nested operations are cancelled at every depth (PAR-RWI-04)", async () => {
    const recurse = async (depth: number, order: string[]): Promise<void> => {
      order.push(`start ${depth}`);
      if (depth > 0) {
        await new Cancellable({ name: `level ${depth}` }).run(async () => {
          await sleep(5);
          await recurse(depth - 1, order);
        });
      }
      order.push(`end ${depth}`);
    };
    const order: string[] = [];
    await new Cancellable({ name: "root" }).run(() => recurse(3, order));
    expect(order).toEqual(["start 3", "start 2", "start 1", "start 0", "end 0", "end 1", "end 2", "end 3"]);
    const cut: string[] = [];
    const root = new Cancellable({ name: "root" });
    await cancelledAfter(12, root.token, () => root.settle(() => recurse(5, cut)));
    expect(root.isCancelled).toBe(true);
    expect([cut.includes("start 5"), cut.includes("start 0")]).toEqual([true, false]);
    expect(cut.filter((line) => line.startsWith("end"))).toEqual([]);
  });

  everywhere(
    "a registry monitor cancels a scraper, and the scraper still reads whole pages (PAR-RWI-05)",
    async () => {
      const scrape = cancellable({ name: "scrape", register: true }, async (pages: number) => {
        const op = currentOperation() as Cancellable;
        const items: string[] = [];
        for (let page = 1; page <= pages; page++) {
          await checkpoint();
          // A page that was begun is read to its end.
          await shield(async () => {
            for (let i = 0; i < 5; i++) {
              await sleep(1);
              items.push(`${page}.${i}`);
              kept.push(`${page}.${i}`);
            }
          });
          op.reportProgress(`page ${page} of ${pages}`, { items: items.length });
        }
        return items.length;
      });
      let kept: string[] = [];
      expect(await scrape(5)).toBe(25);
      kept = [];
      await taskGroup(async (group) => {
        group.startSoon(async () => {
          for (;;) {
            await sleep(1);
            const [slow] = registry.list({ name: "scrape" }).filter(({ duration }) => (duration ?? 0) >= 12);
            if (slow === undefined || kept.length === 0) continue;
            registry.cancel(slow.id, "timeout", "it takes too long");
            return;
          }
        });
        expect(await rejection(scrape(2_000))).toMatchObject({
          reason: "timeout",
          message: "it takes too long",
        });
      });
      expect([kept.length > 0, kept.length % 5, kept.length < 10_000]).toEqual([true, 0, true]);
    },
  );
});

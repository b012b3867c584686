// @ts-check
// A registry lists the running operations with their progress and cancels one by its id.
import { Cancellable, OperationRegistry, sleep, taskGroup } from "@hother/cancelable";

export async function main() {
  // The library has one for the whole process, `registry`, for which the option is `register: true`.
  const registry = new OperationRegistry();
  /**
   * An import of `rows` rows, registered while it runs.
   *
   * @param {string} tenant
   * @param {number} rows
   */
  const importOf = (tenant, rows) =>
    new Cancellable({ name: `import of ${tenant}`, metadata: { tenant }, register: registry }).settle(
      async (op) => {
        for (let current = 1; current <= rows; current++) {
          await sleep(1);
          op.reportProgress({ current, total: rows, unit: "rows" });
        }
      },
    );

  // A watcher receives the events of all registered operations.
  const ends = /** @type {string[]} */ ([]);
  const events = registry.watch();
  await taskGroup((group) => {
    group.startSoon(async () => {
      for await (const { type, operation } of events) {
        if (type === "ended") ends.push(`${operation.name}: ${operation.status}`);
        if (ends.length === 3) return;
      }
    });
    group.startSoon(() => importOf("acme", 10));
    group.startSoon(() => importOf("globex", 1_000_000));
    group.startSoon(() => importOf("initech", 20));
    group.startSoon(async () => {
      // An administrator lists the operations of one tenant and cancels one by its id.
      await sleep(5);
      const found = registry.list({ status: "running", metadata: { tenant: "globex" } });
      const { id = "", estimate } = found[0] ?? {};
      console.log(
        "running:",
        registry.size,
        "- of globex:",
        found.length,
        "- done:",
        (estimate?.fraction ?? 1) < 0.01,
      );
      registry.cancel(id, "manual", "too large for today");
    });
  });
  console.log(ends.sort().join(", "));

  const { past, durations } = registry.statistics();
  console.log(
    "completed:",
    past.byStatus.completed,
    "- by hand:",
    past.byReason.manual,
    "- timed:",
    durations.count,
  );
  const [stopped] = registry.history({ status: "cancelled" });
  console.log("history:", stopped?.name, "-", stopped?.cancelMessage);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// running: 3 - of globex: 1 - done: true
// import of acme: completed, import of globex: cancelled, import of initech: completed
// completed: 2 - by hand: 1 - timed: 2
// history: import of globex - too large for today

// @ts-check
// A dashboard of a registry: counts, progress, an alert at the second failure, and the end of one kind of operations.
import { Cancellable, Event, OperationRegistry, sleep, taskGroup } from "@hother/cancelable";

/** Reads the events of a registry, and keeps what a dashboard shows. */
class Dashboard {
  /** The ends of the last operations. @type {string[]} */
  recent = [];
  failures = 0;
  /** @param {OperationRegistry} registry */
  constructor(registry) {
    this.registry = registry;
  }

  /** Watches until `jobs` operations have ended. @param {number} jobs @param {() => void} onAlert at the second failure */
  async watch(jobs, onAlert) {
    for await (const { type, operation } of this.registry.watch()) {
      if (type !== "ended") continue;
      this.recent.push(`${operation.name} ${operation.status}`);
      if (operation.status === "failed" && ++this.failures === 2) onAlert();
      if (this.recent.length === jobs) break;
    }
  }

  print() {
    const running = this.registry.list({ status: "running" });
    const { completed = 0, failed = 0, cancelled = 0 } = this.registry.statistics().past.byStatus;
    console.log(
      `running ${running.length}, completed ${completed}, failed ${failed}, cancelled ${cancelled}`,
    );
    for (const { name, estimate } of running)
      console.log(`  ${name}: ${Math.round((estimate?.fraction ?? 0) * 100)} %`);
  }
}

export async function main() {
  const registry = new OperationRegistry();
  const dashboard = new Dashboard(registry);
  const [printed, alerted] = [new Event(), new Event()];

  /** @param {string} name @param {string} kind @param {(op: Cancellable) => Promise<unknown>} body */
  const job = (name, kind, body) =>
    new Cancellable({ name, metadata: { kind }, register: registry }).settle(body);

  await taskGroup(async (group) => {
    group.startSoon(() =>
      dashboard.watch(5, () => {
        // Many failures: the other downloads are likely to fail, too.
        const count = registry.cancelAll({ metadata: { kind: "download" } }, "quota");
        console.log("alert: two failures, downloads cancelled:", count);
        alerted.set();
      }),
    );
    await sleep(1); // the watch has begun

    const downloads = [1, 2, 3, 4].map((n) =>
      job(`download ${n}`, "download", async (op) => {
        op.reportProgress({ current: n, total: 10 });
        if (n > 2) await sleep({ hours: 1 });
        await printed.wait();
        throw new Error("connection reset");
      }),
    );
    const report = job("report", "report", async (op) => {
      op.reportProgress({ current: 1, total: 2 });
      await alerted.wait();
    });
    await sleep(1); // all of them have begun
    dashboard.print();
    printed.set();
    await Promise.all([...downloads, report]);
  });
  dashboard.print();
  console.log(dashboard.recent.sort().join(", "));
  const [last] = registry.history({ status: "completed" });
  console.log("completed last:", last?.name);
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// running 5, completed 0, failed 0, cancelled 0
//   download 1: 10 %
//   download 2: 20 %
//   download 3: 30 %
//   download 4: 40 %
//   report: 50 %
// alert: two failures, downloads cancelled: 2
// running 0, completed 1, failed 2, cancelled 2
// download 1 failed, download 2 failed, download 3 cancelled, download 4 cancelled, report completed
// completed last: report

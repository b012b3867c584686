// @ts-check

/** @typedef {import("./services.mjs").Ends} Ends */

/**
 * Prints what happened to the requests of each service.
 *
 * @param {ReadonlyArray<{ name: string, ends: Ends }>} services
 */
export function printServices(services) {
  const heads = ["answered", "client left", "time limit", "shutdown", "failed", "still running"];
  console.log(`${"service".padEnd(8)}${heads.map((head) => head.padStart(15)).join("")}`);
  for (const { name, ends } of services) {
    const cells = [ends.answered, ends.left, ends.late, ends.stopped, ends.failed, ends.running];
    console.log(`${name.padEnd(8)}${cells.map((cell) => String(cell).padStart(15)).join("")}`);
  }
}

/** Prints what the clients saw. @param {import("./load.mjs").Seen} seen */
export function printClients(seen) {
  const statuses = [...seen.statuses]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} × ${status}`);
  const rest = seen.broken > 0 ? [`${seen.broken} × no connection`] : [];
  console.log(`clients: ${seen.sent} sent, ${seen.left} left early, ${[...statuses, ...rest].join(", ")}`);
}

/**
 * Prints how the jobs have ended.
 *
 * @param {Record<string, number> | undefined} jobs How many are in each state.
 * @param {ReadonlyMap<string, number> | undefined} answers How the cancellations were answered.
 */
export function printInvoices(jobs, answers) {
  if (jobs === undefined) return console.log("invoices: none, because this machine has no redis-server");
  const { completed, failed, active, waiting } = jobs;
  const removed = answers?.get("removed") ?? 0;
  console.log(
    `invoices: ${completed} written, ${failed} cancelled, ${removed} removed before they began, ${waiting} wait for the next start, ${active} still running`,
  );
}

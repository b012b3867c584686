// @ts-check
// The operations of a process over HTTP: a list, the statistics, and a stop button.
import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable, Event, registry, sleep } from "@hother/cancelable";

/** The answers of the monitor, without a framework. @param {string} route @param {URLSearchParams} query */
function answer(route, query) {
  if (route === "GET /operations")
    return registry
      .list({ status: "running" })
      .map(({ id, name, metadata, progress }) => ({ id, name, metadata, progress }));
  if (route === "GET /statistics") {
    const { past } = registry.statistics();
    return { running: registry.size, ...past.byStatus };
  }
  if (route === "POST /cancel")
    return { cancelled: registry.cancel(query.get("id") ?? "", "manual", "by the monitor") };
  return undefined;
}
// In a real service it listens on a port of its own, which is not public.
const monitor = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const found = answer(`${request.method} ${pathname}`, searchParams);
  response.writeHead(found === undefined ? 404 : 200, { "content-type": "application/json" });
  response.end(JSON.stringify(found));
}).listen(0, "127.0.0.1");
await once(monitor, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (monitor.address());
/** @param {string} path @param {RequestInit} [options] */
const ask = async (path, options) => (await fetch(`http://127.0.0.1:${port}${path}`, options)).text();

// Three jobs of the service. One of them ends before the monitor looks.
const started = new Event();
const jobs = ["resize", "import", "mail"].map((name) =>
  new Cancellable({ name, metadata: { tenant: "acme" }, register: true }).settle(async (op) => {
    if (name === "mail") return;
    op.reportProgress({ current: 3, total: 12 });
    started.set();
    await sleep({ hours: 1 });
  }),
);
await Promise.all([started.wait(), jobs[2]]);

const operations = JSON.parse(await ask("/operations"));
for (const { name, metadata, progress } of operations)
  console.log(name, "of", metadata.tenant, "-", progress.current, "of", progress.total);
console.log(await ask("/statistics"));

// The user presses "stop" at both jobs.
for (const { id } of operations) console.log(await ask(`/cancel?id=${id}`, { method: "POST" }));
for (const outcome of await Promise.all(jobs)) console.log(outcome.status);
console.log(await ask("/statistics"));
monitor.close();
monitor.closeAllConnections();

// prints:
// resize of acme - 3 of 12
// import of acme - 3 of 12
// {"running":2,"completed":1}
// {"cancelled":true}
// {"cancelled":true}
// cancelled
// cancelled
// completed
// {"running":0,"completed":1,"cancelled":2}

// @ts-check
/*
 * Two services, a database and a queue of jobs under a load of clients that leave at random. After four seconds, or on Ctrl-C, the
 * gateway and then the store shut down. A table says what was cancelled and why, the database says that it runs no statement any
 * more, the queue says how its jobs have ended, and one trace shows how the news that a client has left reached the database.
 */
import { sleep } from "@hother/cancelable";
import { main } from "@hother/cancelable/process";
import { gracefulShutdown } from "@hother/cancelable-integrations/shutdown";
import { Database } from "./database.mjs";
import { Invoices } from "./invoices.mjs";
import { Seen, sendLoad } from "./load.mjs";
import { printClients, printInvoices, printServices } from "./report.mjs";
import { startGateway, startStore } from "./services.mjs";
import { traceOfLeftClient } from "./traces.mjs";

const seen = new Seen();

await main(async (op) => {
  const database = new Database();
  try {
    await database.start();
    const invoices = await Invoices.open();
    const store = await startStore(database);
    const gateway = await startGateway(store.url, invoices);
    console.log(
      "Clients ask the gateway, which asks the store, which asks PostgreSQL. About a third leaves early. A request may take 400 ms.",
    );
    const stop = new AbortController();
    const load = sendLoad(gateway.url, seen, stop.signal);
    try {
      await sleep({ seconds: 4 });
    } finally {
      stop.abort();
      await op.shield(async () => {
        // First the service that clients call, then the service that it calls.
        await gracefulShutdown(gateway.server, { drain: 50 });
        await gracefulShutdown(store.server, { drain: 50 });
        await load;
        const jobs = await invoices?.close();
        printServices([
          { name: "gateway", ends: gateway.ends },
          { name: "store", ends: store.ends },
        ]);
        printClients(seen);
        console.log(`statements that PostgreSQL still runs: ${await database.running()}`);
        printInvoices(jobs, invoices?.answers);
        const trace = traceOfLeftClient();
        if (trace !== undefined) console.log(`one request whose client left:\n${trace}`);
      });
    }
  } finally {
    await op.shield(() => database[Symbol.asyncDispose]());
  }
});

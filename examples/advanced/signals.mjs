// @ts-check
// Signals of the operating system: one that ends a part, one that reloads the settings, and one that ends all.
import { Cancellable, SignalReceiver, sleep, taskGroup } from "@hother/cancelable";

/** @param {NodeJS.Signals} signal */
const send = (signal) => process.kill(process.pid, signal);

// Each SIGHUP reloads the settings. SIGTERM ends the server, and SIGUSR2 only its cache.
// For a whole program, `main` of @hother/cancelable/process does more: see ctrl-c.mjs.
const server = Cancellable.withSignal(["SIGTERM"], { name: "server" });
const outcome = await server.settle(() =>
  taskGroup((group) => {
    group.startSoon(() => sleep({ hours: 1 })); // stands for the requests

    group.startSoon(async () => {
      const cache = Cancellable.withSignal(["SIGUSR2"], { name: "cache" });
      await cache.settle(() => {
        send("SIGUSR2");
        return sleep({ hours: 1 });
      });
      console.log(cache.label, cache.status, cache.context.cancelReason, "-", cache.error?.message);
      send("SIGHUP");
    });

    group.startSoon(async () => {
      const signals = new SignalReceiver("SIGHUP");
      let reloads = 0;
      try {
        for await (const signal of signals) {
          console.log(signal, "- reload", ++reloads);
          send(reloads < 2 ? "SIGHUP" : "SIGTERM");
        }
      } finally {
        signals[Symbol.dispose](); // in TypeScript: using signals = new SignalReceiver("SIGHUP")
      }
    });
  }),
);
console.log(server.label, outcome.status, server.context.cancelReason, "-", server.error?.message);

const names = ["SIGHUP", "SIGTERM", "SIGUSR2"];
console.log("handlers left:", names.map((name) => process.listenerCount(name)).join());

// prints:
// operation "cache" cancelled signal - operation "cache" cancelled by signal SIGUSR2
// SIGHUP - reload 1
// SIGHUP - reload 2
// operation "server" cancelled signal - operation "server" cancelled by signal SIGTERM
// handlers left: 0,0,0

import { mock } from "node:test";

mock.timers.enable({ apis: ["setTimeout"] });
const done = [];
const one = (async () => {
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  done.push("minute");
})();
await Promise.resolve();
mock.timers.tick(59_999);
await new Promise((resolve) => setImmediate(resolve));
console.log(done.length);
mock.timers.tick(1);
await one;
console.log(done.join());
mock.timers.reset();

"use strict";
const { setTimeout: delay } = require("node:timers/promises");
const { EventEmitter } = require("node:events");

async function main() {
  const emitter = new EventEmitter();
  emitter.once("done", (value) => console.log("done", value));
  await delay(5);
  await new Promise((resolve) => setTimeout(resolve, 5));
  emitter.emit("done", await new Promise((resolve) => setTimeout(resolve, 1, "value")));
  return Promise.all([1, 2].map((each) => delay(each).then(() => each)));
}
main().then(console.log);

import { testFolder } from "../run-example.ts";

testFolder(import.meta.url, {
  nativeOnly: {
    "client-gone.mjs": "the time of its sockets is that of the machine",
    "ctrl-c.mjs": "it ends its process",
    "hedge.mjs": "the time of its sockets is that of the machine",
    "process.mjs": "the time of its processes is that of the machine",
    "signals.mjs": "it sends signals to its process",
  },
});

import { testFolder } from "../run-example.ts";

testFolder(import.meta.url, {
  nativeOnly: { "http-monitor.mjs": "the time of its sockets is that of the machine" },
});

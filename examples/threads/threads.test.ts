import { testFolder } from "../run-example.ts";

const ownTime = "a thread has its own clock and its own backend";

testFolder(import.meta.url, {
  parts: ["primes.mjs"],
  leftOut: [
    {
      hosts: ["Deno"],
      file: "work-in-a-thread.mjs",
      reason: "Deno lets the loop of a terminated thread run on, and does not tell",
    },
  ],
  nativeOnly: {
    "cancel-from-a-thread.mjs": ownTime,
    "registry-of-threads.mjs": ownTime,
    "shared-token.mjs": ownTime,
    "work-in-a-thread.mjs": ownTime,
  },
});

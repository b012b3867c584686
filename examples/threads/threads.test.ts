import { testFolder } from "../run-example.ts";

const ownTime = "a thread has its own clock and its own backend";

testFolder(import.meta.url, {
  parts: ["primes.mjs"],
  nativeOnly: {
    "cancel-from-a-thread.mjs": ownTime,
    "registry-of-threads.mjs": ownTime,
    "shared-token.mjs": ownTime,
    "work-in-a-thread.mjs": ownTime,
  },
});

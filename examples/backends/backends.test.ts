import { testFolder } from "../run-example.ts";

const ownBackend = "it chooses its backend itself";

testFolder(import.meta.url, {
  nativeOnly: { "effect.mjs": ownBackend, "virtual.mjs": ownBackend },
});

import { testFolder } from "../run-example.ts";

const ownBackend = "it chooses its backend itself";

testFolder(import.meta.url, {
  nativeOnly: {
    "effect.mjs": ownBackend,
    "effection.mjs": ownBackend,
    "native.mjs": ownBackend,
    "virtual.mjs": ownBackend,
  },
});

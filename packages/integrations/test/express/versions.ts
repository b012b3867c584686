import { createRequire } from "node:module";
import express from "express";

const require = createRequire(import.meta.url);

/** The versions of Express. The types of version 5 describe all that the tests use of version 4. */
export const versions: ReadonlyArray<readonly [name: string, express: typeof express]> = [
  ["Express 4", require("express4") as typeof express],
  ["Express 5", express],
];

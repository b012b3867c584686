import { isDeepStrictEqual } from "node:util";

/** Fails if a run did not do what its picture says. */
export function expectSame(seen: unknown, drawn: unknown): void {
  if (isDeepStrictEqual(seen, drawn)) return;
  throw new Error(`the run did ${JSON.stringify(seen)}, and the picture says ${JSON.stringify(drawn)}`);
}

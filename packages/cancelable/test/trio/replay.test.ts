import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backends } from "../backends.ts";
import { difference, type Trace } from "./compare.ts";
// As texts: browsers cannot read files, and the compiler would derive a type from every program.
import corpusText from "./corpus.json?raw";
import { hosts } from "./hosts.ts";
import { interpret } from "./interpreter.ts";
import knownText from "./known.json?raw";
import type { Program } from "./program.ts";

/*
 * What trio 0.34 did with random programs, and what this library does with them: times, outcomes, errors,
 * flags of scopes, states of tasks and of primitives. Every backend has exact times here; see hosts.ts.
 */

/** A program that does the same on both. */
interface Recorded {
  readonly program: Program;
  readonly trio: Trace;
}

/** A small program on which the two differed once. `as` or `differs` states which of the two results holds. */
type Known = Recorded & {
  readonly name: string;
} & (
    | { readonly as: "trio" }
    | {
        /** Why the library does not as trio does. */
        readonly differs: string;
        readonly ours: Trace;
      }
  );

const corpus: Recorded[] = JSON.parse(corpusText);
const known: Known[] = JSON.parse(knownText);

beforeEach(() => {
  // Operations that take long to end say so, and so do tasks that wait for their own lease.
  vi.spyOn(console, "warn").mockImplementation(() => {});
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

async function runOn(backend: string, program: Program): Promise<Trace> {
  const create = hosts[backend];
  if (create === undefined) throw new Error(`hosts.ts has no host for the backend "${backend}"`);
  using host = create();
  const trace = await interpret(program, host);
  // A runtime may keep a timer until the next turn of the event loop.
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(host.timerCount).toBe(0);
  return trace;
}

describe.each(backends.map(({ name }) => name))("on %s", (backend) => {
  test(`${corpus.length} programs do as on trio`, { timeout: 300_000 }, async () => {
    const differing: string[] = [];
    for (const { program, trio } of corpus) {
      // Flags of groups: a group that an outer cancellation ended differs, which is known.
      const found = difference(trio, await runOn(backend, program), ["groups"]);
      if (found !== undefined) differing.push(`program ${program.seed} (${program.profile}): ${found}`);
    }
    expect(differing).toEqual([]);
  });

  test.each(known)("$name", async (entry) => {
    const trace = await runOn(backend, entry.program);
    if ("as" in entry) {
      expect(difference(entry.trio, trace)).toBeUndefined();
    } else {
      expect(difference(entry.trio, trace), 'it does as trio now: write "as": "trio"').toBeDefined();
      expect(difference(entry.ours, trace)).toBeUndefined();
    }
  });
});

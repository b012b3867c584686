import { expect, test, vi } from "vitest";
import { getBackend, run } from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { expectUsageError, thrown } from "../refusals.ts";

describeEverywhere("an unknown backend", (everywhere) => {
  everywhere("the error says what to do, and main is not called", async () => {
    const main = vi.fn();
    const hints = [
      [
        "virtual",
        /^"virtual" is not a known backend .*import \{ VirtualBackend \} from "@hother\/cancelable\/testing"/,
      ],
      ["asyncio", /^"asyncio" is not a known backend \(known: native.*\)\.$/],
    ] as const;
    for (const [backend, text] of hints) {
      const error = thrown(() => getBackend(backend));
      expectUsageError(error, "ERR_UNKNOWN_BACKEND", text);
      expectUsageError(await rejection(run(main, { backend })), "ERR_UNKNOWN_BACKEND", text);
    }
    expect(main).not.toHaveBeenCalled();
    expect(getBackend("native").name).toBe("native");
  });
});

test("a backend that was not imported gives an error with the import to add", async () => {
  // In a process of its own, because the backends are imported in this one.
  const { code, output } = await runScript(`
    import { run } from "@hother/cancelable";
    for (const backend of ["effect", "effection"]) {
      await run(() => console.log("called"), { backend }).catch((error) => console.log(error.code, error.message));
    }
  `);
  expect(code).toBe(0);
  const [effect, effection, ...more] = output.trim().split("\n");
  const start = "ERR_UNKNOWN_BACKEND";
  expect(effect?.startsWith(`${start} "effect" is not a known backend (install "effect" and `)).toBe(true);
  expect(effect).toContain('import "@hother/cancelable-backends/effect"');
  expect(effection?.startsWith(`${start} "effection" is not a known backend (install "effection" and `)).toBe(
    true,
  );
  expect(effection).toContain('import "@hother/cancelable-backends/effection"');
  expect(more).toEqual([]);
});

import { expect, expectTypeOf } from "vitest";
import {
  Cancellable,
  CancellationToken,
  cancellable,
  currentOperation,
  type InjectingOptions,
} from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";

describeEverywhere("inject", (everywhere) => {
  everywhere(
    "the operation is passed as the last argument, which callers do not give (PAR-DEC-02)",
    async () => {
      const wrapped = cancellable({ inject: true }, async (a: number, b: string, op: Cancellable) => {
        expect(op).toBe(currentOperation());
        return `${a}${b}`;
      });
      expectTypeOf(wrapped).parameters.toEqualTypeOf<[a: number, b: string]>();
      expectTypeOf(wrapped).returns.toEqualTypeOf<Promise<string>>();
      expect(await wrapped(1, "x")).toBe("1x");
    },
  );

  everywhere(
    "injection works with every kind of source (PAR-DEC-07, PAR-DEC-08, PAR-DEC-09, PAR-DEC-10)",
    async () => {
      const kinds: InjectingOptions[] = [
        { inject: true, timeout: 60_000 },
        { inject: true, token: new CancellationToken() },
        { inject: true, signals: ["SIGUSR2"] },
        { inject: true, condition: () => false },
        { inject: true, combine: [new CancellationToken()] },
      ];
      for (const options of kinds) {
        expect(await cancellable(options, async (op: Cancellable) => op === currentOperation())()).toBe(true);
        expect(await cancellable(options)(async (op: Cancellable) => op === currentOperation())()).toBe(true);
      }
    },
  );

  everywhere("without inject no argument is added (PAR-DEC-02)", async () => {
    const count = async (...args: unknown[]): Promise<number> => args.length;
    expect(await cancellable({}, count)(1, 2)).toBe(2);
    expect(await cancellable({ inject: false }, count)()).toBe(0);
  });

  everywhere("a function without such a parameter works too (PAR-DEC-02)", async () => {
    const wrapped = cancellable({ inject: true }, async () => "result");
    expect(await wrapped()).toBe("result");
  });

  everywhere("omitted optional arguments before the operation are undefined (PAR-DEC-02)", async () => {
    const wrapped = cancellable({ inject: true }, async (a: number, b?: string, op?: Cancellable) => [
      a,
      b,
      op === currentOperation(),
    ]);
    expect(await wrapped(1)).toEqual([1, undefined, true]);
    expect(await wrapped(1, "x")).toEqual([1, "x", true]);
  });

  everywhere(
    "the operation comes after all arguments if defaults and rest parameters hide the number of parameters",
    async () => {
      const withDefault = cancellable(
        { inject: true },
        async (a: number, b: number = 2, op?: Cancellable) => [a, b, op === currentOperation()],
      );
      expect(await withDefault(1, 5)).toEqual([1, 5, true]);
      const rest = cancellable({ inject: true }, async (...all: [...string[], Cancellable]) => all.length);
      expectTypeOf(rest).parameters.toEqualTypeOf<string[]>();
      expect(await rest("a", "b")).toBe(3);
    },
  );

  everywhere("an operation that the caller passes is an ordinary argument", async () => {
    const other = new Cancellable();
    const wrapped = cancellable({ inject: true }, async (mine: Cancellable, op: Cancellable) => [mine, op]);
    const [mine, op] = await wrapped(other);
    expect(mine).toBe(other);
    expect(op).not.toBe(other);
  });
});

import { expect, expectTypeOf, test } from "vitest";
import { Cancellable, cancellable, currentOperation, withCurrentOperation } from "../../src/index.ts";
import { describeEverywhere } from "../backends.ts";
import { expectThrows, wrong } from "../refusals.ts";

const tell = withCurrentOperation((text: string, op: Cancellable | undefined) => `${text} ${op?.name}`);

describeEverywhere("withCurrentOperation", (everywhere) => {
  everywhere("the ambient operation is passed as the last argument (PAR-DEC-05)", async () => {
    expectTypeOf(tell).parameters.toEqualTypeOf<[text: string, op?: Cancellable | undefined]>();
    expectTypeOf(tell).returns.toEqualTypeOf<string>();
    await new Cancellable({ name: "outer" }).run(async () => {
      expect(tell("in")).toBe("in outer");
      await new Cancellable({ name: "inner" }).run(() => expect(tell("in")).toBe("in inner"));
      expect(tell("in", undefined)).toBe("in outer");
    });
  });

  everywhere("an explicit operation wins (PAR-DEC-05)", async () => {
    const explicit = new Cancellable({ name: "explicit" });
    expect(tell("is", explicit)).toBe("is explicit");
    await new Cancellable({ name: "outer" }).run(() => expect(tell("is", explicit)).toBe("is explicit"));
  });

  everywhere("outside every operation undefined is passed (PAR-DEC-05)", () => {
    expect(currentOperation()).toBeUndefined();
    expect(tell("in")).toBe("in undefined");
  });

  everywhere(
    "omitted optional arguments stay undefined, and functions without parameters work (PAR-DEC-05)",
    async () => {
      const optional = withCurrentOperation((a?: number, b?: string, op?: Cancellable) => [a, b, op?.name]);
      const none = withCurrentOperation(() => "none");
      const byDefault = withCurrentOperation((a: number, b: number = 2, op?: Cancellable) => [
        a,
        b,
        op?.name,
      ]);
      const explicit = new Cancellable({ name: "explicit" });
      await new Cancellable({ name: "op" }).run(() => {
        expect(optional()).toEqual([undefined, undefined, "op"]);
        expect(optional(1)).toEqual([1, undefined, "op"]);
        expect(none()).toBe("none");
        expect(byDefault(1, 5)).toEqual([1, 5, "op"]);
        expect(byDefault(1, 5, explicit)).toEqual([1, 5, "explicit"]);
      });
    },
  );

  everywhere(
    "this, name, length and errors are the function's own, and no operation is started",
    async () => {
      const error = new Error("mine");
      const counter = {
        base: 1,
        count: withCurrentOperation(function count(
          this: { base: number },
          n: number,
          _op?: Cancellable,
        ): number {
          if (n < 0) throw error;
          return this.base + n;
        }),
      };
      expect([counter.count.name, counter.count.length]).toEqual(["count", 2]);
      expect(counter.count(1)).toBe(2);
      expect(() => counter.count(-1)).toThrow(error);
      await new Cancellable().run((op) => {
        counter.count(1);
        expect(op.children).toEqual([]);
      });
    },
  );

  everywhere(
    "progress is reported through the operation, also from a wrapped function (PAR-DEC-05)",
    async () => {
      const report = withCurrentOperation((text: string, op: Cancellable | undefined) =>
        op?.reportProgress(text),
      );
      const heard: unknown[] = [];
      await new Cancellable()
        .onProgress((progress) => heard.push(progress))
        .run(cancellable({}, async () => report("half way")));
      expect(heard).toEqual(["half way"]);
    },
  );
});

test("a value that is no function is refused", () => {
  expectThrows("TypeError", [[() => withCurrentOperation(wrong("fn")), "fn", "a function", '"fn"']]);
});

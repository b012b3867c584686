/*
 * Scopes that are nested in one synchronous recursion use up the stack. Then a call anywhere in the library can throw a
 * RangeError. The recursions start at 50 offsets of the stack, so that the error comes from many different calls. They
 * run in a process of their own: the module loader of the tests makes a call of every access to an import.
 */
import { describe, expect, test } from "vitest";
import { runScript } from "../child.ts";

const forms = {
  moveOnAfter: "moveOnAfter(60_000, body)",
  failAfter: "failAfter(60_000, body)",
  "CancelScope.run": "new CancelScope().run(body)",
  "Cancellable.run": "new Cancellable().run(body)",
  taskGroup: "taskGroup(body)",
  "a child of a group": "taskGroup((group) => { group.startSoon(() => 1); return body(); })",
};

async function nested(form: string, program: string): Promise<unknown> {
  const { code, output, errors } = await runScript(`
    import { Cancellable, CancelScope, failAfter, moveOnAfter, taskGroup } from "@hother/cancelable";
    // V8 can throw once more when a function returns on a stack that is used up. The promise of that call then has no owner.
    process.on("unhandledRejection", (error) => {
      if (!(error instanceof RangeError)) throw error;
    });
    const nest = (body) => ${form};
    const deeper = (frames, fn) => (frames === 0 ? fn() : deeper(frames - 1, fn));
    ${program}
  `);
  expect(code, errors.slice(-600)).toBe(0);
  return JSON.parse(output);
}

describe.each(Object.entries(forms))("%s, nested in one synchronous recursion,", (_, form) => {
  test("reaches 1,000 levels", async () => {
    const program = `
      const down = async (level) => {
        if (level === 0) return 42;
        const body = () => down(level - 1);
        return ${form};
      };
      console.log(await down(1_000));
    `;
    expect(await nested(form, program)).toBe(42);
  });

  test("rejects with a RangeError beyond the stack, at every offset, and still works", async () => {
    const program = `
      const down = async () => nest(down);
      const names = new Set();
      for (let offset = 0; offset < 50; offset++)
        names.add(await deeper(offset, down).then(() => "no error", (error) => error.constructor.name));
      const after = await nest(async () => "works");
      console.log(JSON.stringify([...names, after]));
    `;
    expect(await nested(form, program)).toEqual(["RangeError", "works"]);
  }, 60_000);
});

test("a group in which starting a child uses up the stack ends, at every offset", async () => {
  const program = `
    let ended = 0;
    for (let offset = 0; offset < 50; offset++) {
      await new CancelScope().run(() =>
        taskGroup((group) => {
          const down = () => {
            group.startSoon(() => 1);
            down();
          };
          try {
            deeper(offset, down);
          } catch (error) {
            if (error instanceof RangeError) ended++;
          }
        }),
      );
    }
    console.log(ended);
  `;
  expect(await nested("body()", program)).toBe(50);
}, 60_000);

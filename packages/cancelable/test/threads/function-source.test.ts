import { afterAll, describe, expect, test } from "vitest";
import { PiscinaPool, runInThread, settleInThread, streamFromThread } from "../../src/threads/index.ts";
import { rejection } from "../backends.ts";
import { runScript } from "../child.ts";
import { wrong } from "../refusals.ts";

const pool = new PiscinaPool({ threads: 1 });
afterAll(() => pool.close());

/** The function that an expression is. Bundlers and test runners change the source of functions in files. */
const evaluate = globalThis.eval as (source: string) => never;
const functionOf = (source: string): never => evaluate(`"use strict";(${source})`);

test("a function is sent by its source, and its types are those of the call (THR-23, CONF-P01)", async () => {
  const add = (a: number, b: number): number => a + b;
  const sum: number = await runInThread(add, [1, 2], { pool });
  expect([sum, await runInThread(add, [3, 4], { pool })]).toEqual([3, 7]);
  const outcome = await settleInThread(
    async function double(list: readonly number[]): Promise<number[]> {
      return list.map((n) => n * 2);
    },
    [[1, 2]],
    { pool },
  );
  expect(outcome).toMatchObject({ status: "completed", value: [2, 4] });
});

test("a generator is sent by its source (THR-23)", async () => {
  const seen: number[] = [];
  const numbers = async function* (to: number): AsyncGenerator<number> {
    for (let n = 1; n <= to; n++) yield n;
  };
  for await (const n of streamFromThread(numbers, [3], { pool })) seen.push(n);
  expect(seen).toEqual([1, 2, 3]);
});

test("the operation has the name of the function, which imports packages by name (THR-23, THR-24)", async () => {
  const named = functionOf(`async function resize(width) {
    const { currentOperation, sleep } = await import("@hother/cancelable");
    await sleep(1);
    return currentOperation().name + " to " + width;
  }`);
  expect(await runInThread(named, wrong([80]), { pool })).toBe("resize to 80");
  const outcome = await settleInThread(functionOf("() => { throw new Error('no'); }"), [] as never, { pool });
  expect(outcome).toMatchObject({ status: "failed", error: { message: "no" } });
});

/** Sources that use nothing from outside of themselves, with an argument of 3. */
const good: Readonly<Record<string, string>> = {
  "an arrow function": "(n) => n + 1",
  "an arrow function with one name": "n => { return n * 2; }",
  "an async arrow function": "async (n) => (await n) + 1",
  "an async arrow function with one name": "async n => n - 1",
  "a function without a name": "function (n) { return arguments.length + n; }",
  "a function that calls itself": "function factorial(n) { return n < 2 ? 1 : n * factorial(n - 1); }",
  "an async function": "async function wait(n) { for await (const m of [n]) return m; }",
  "patterns with defaults":
    "(n, { a, b: [c = n, , ...d] = [1], 'x y': e = 2, [`k${n}`]: f = 3, ...g } = {}, ...[h = 4]) => [a, c, d, e, f, g, h]",
  "names that shadow each other": `(n) => {
    const log = [];
    try { throw n; } catch (outer) { log.push(outer); }
    try { log.push(1); } catch { log.push(2); } finally { log.push(3); }
    for (const inner of [1]) { const inner2 = inner; log.push(inner2); }
    for (const key in { k: 1 }) log.push(key);
    for (let i = 0, end = 2; i < end; i++) log.push(i);
    { function hoisted() { return later; } log.push(typeof hoisted); }
    var later = 7;
    class Own { static made = new Own(); }
    log.push(Own.made instanceof Own, late());
    async function ignored() {}
    function late() { return later; }
    return log;
  }`,
  "a variable that is declared in an inner block":
    "(n) => { if (n) { var inner = 1; } else inner = 2; return inner; }",
  "keywords and outer names as properties":
    "(n) => { const o = { if: 1, outside: 2, get: 3, async: 4, static: 5, 6: 7, n, new: { delete: 8 } }; return [o.if, o?.outside, o.new?.delete, o.get, o?.[6], o.none?.(n), o] }",
  "divisions and regular expressions":
    "(n) => { const g = 2; if (n) /[/\\]]outside\\//.test('x'); return [n / g / 1, 'a/b'.split(/[/]/g), `${/}/.test('}')}`, n++ / 2] }",
  "templates in templates":
    "(n) => `a ${`b ${n} \\` } ${{ n }.n}`} c` + ((parts, v) => parts.raw[0] + v)`t${n}`",
  comments: "(n /* outside */) => { // outside\n return /* helper() */ n }",
  "the type of a name that does not exist":
    "(n) => [typeof outside, typeof n, typeof (() => 1), typeof this === 'never' ? 1 : 2][0]".replace(
      "typeof this === 'never' ? 1 : 2",
      "typeof function () { return this; }",
    ),
  globals:
    "(n) => [Math.max(n, 2), JSON.stringify({ n }), new URL('http://x/').host, NaN, undefined, globalThis.Array.isArray([])]",
  "a class": `(n) => {
    class Base { constructor(v) { this.v = v; } get twice() { return this.v * 2; } }
    const Made = class Named extends (Base) {
      #hidden = this.v; static count = 0; static { this.count++; } plain; 'quoted' = 1; [n + 'computed'] = 2
      static async *items() { yield Named.count; }
      set hidden(v) { this.#hidden = v } get hidden() { return #hidden in this ? this.#hidden : 0 }
      constructor(v) { super(v); this.target = new.target === Made; }
      get() { return super.twice; } async wait() {} static() {} *'gen'() {} async() {};
    };
    const made = new Made(n); made.hidden = 9;
    return [made.hidden, made.get(), made.target, made.quoted, Made.count];
  }`,
  "an object with methods":
    "(n) => { const o = { n, get a() { return this.n; }, set a(v) { this.n = v; }, async b() {}, *c() { yield* [1]; }, async *d() {}, e() { return super.toString; }, ['f']: 1, ...{ g: 2 }, }; o.a = 4; return o.a }",
  "statements of each kind": `(n) => {
    outer: for (;;) { inner: while (true) { if (n) break outer; else continue inner; } }
    do if (n > 9) n--; else n++; while (n < 5);
    switch (n) { case 1: n = 2; break; case 5: { n = 6; } default: n += 1 }
    debugger;
    ;
    let m
    (function () { return
    })()
    m = n
    ++m
    return (() => { return m })(), m ? n > 2 ? 'a' : 'b' : 'c'
  }`,
  "assignments to patterns":
    "(n) => { let a, b, c; ({ a, b = 2, ...c } = { a: n }); [a, b] = [b, a]; return [a, b, c] }",
  "async functions and finally":
    "async (n) => { const twice = async function (v) { return v * 2; }; const async = (v) => v; async(n); try { n = await twice(n) } finally { n++ } return n }",
  "a call of its own async":
    "(n) => { const async = (v) => v + 1; const of = async(n); return [async (of), (async) => async] [0] }",
  "generators inside": "(n) => [...(function* () { const x = yield; yield\n n; yield [x, n]; })()].length",
  "names with other letters":
    "(größe) => { const $_1 = größe, ñ = 1_000n, x = 0xff + .5 + 1.e2; return [$_1, String(ñ), x] }",
  "conditions with arrow functions": "(n) => n ? (a) => a : (b) => b, 1"
    .replace("(n) =>", "(n) => (")
    .replace(", 1", ")(n)"),
};

describe("a function that uses nothing from outside of itself gives the same in a thread (THR-23)", () => {
  test.each(Object.entries(good))("%s", async (_, source) => {
    const here = await (functionOf(source) as (n: number) => unknown)(3);
    const there = await runInThread(functionOf(source), wrong([3]), { pool }).catch(
      (error: Error) => error.message,
    );
    expect(there).toEqual(typeof here === "function" ? expect.any(String) : here);
  });
});

const usesUsing = `async (n) => {
  const log = [];
  const resource = (name) => ({ [Symbol.dispose]: () => log.push(name), async [Symbol.asyncDispose]() { log.push(name); } });
  { using one = resource("one"), two = resource(n); await using three = resource("three"); await one; }
  const using = 1; using
  for (using four of [resource("four")]);
  return [log, using];
}`;
function parses(source: string): boolean {
  try {
    return typeof functionOf(source) === "function";
  } catch {
    return false;
  }
}
test.runIf(parses(usesUsing))("a function with resources gives the same in a thread (THR-23)", async () => {
  const log = ["three", 3, "one", "four"];
  expect(await runInThread(functionOf(usesUsing), wrong([3]), { pool })).toEqual([log, 1]);
});

const outside = (names: string): string => `it uses ${names} from outside of itself`;
const refused: ReadonlyArray<readonly [title: string, source: string, reason: string]> = [
  ["a name", "() => outer", outside("outer")],
  ["a call", "function f() { return helper(1); }", outside("helper")],
  ["several names", "async () => { await one(); return two.three + `${four}`; }", outside("one, two, four")],
  ["an assignment", "() => { counter = 1; }", outside("counter")],
  ["a default of a parameter", "(a = fallback) => a", outside("fallback")],
  [
    "a default that the body declares",
    "(a = later) => { var later = 1; return a + later; }",
    outside("later"),
  ],
  ["a name after its block", "() => { { let inner = 1; } return inner; }", outside("inner")],
  ["a parameter of another function", "() => { const f = (x) => x, g = x; return f(g); }", outside("x")],
  ["a name after an arrow function", "() => [y => y, y]", outside("y")],
  ["the name of an inner function", "() => { (function inner() {}); return inner; }", outside("inner")],
  ["a shorthand", "() => ({ shared })", outside("shared")],
  ["a computed name", "() => ({ [key]: 1 })", outside("key")],
  ["a base class", "() => class extends Base {}", outside("Base")],
  ["a field", "() => class { x = value; [label]() {} }", outside("value, label")],
  ["a property of a name with typeof", "() => typeof config.port", outside("config")],
  ["a caught error", "() => { try {} catch (e) {} return e; }", outside("e")],
  ["a part of an array pattern", "() => { const [a = first] = []; return a; }", outside("first")],
  ["a case", "(n) => { switch (n) { case limit: return 1; } }", outside("limit")],
  ["the name async", "() => [async(1), async]", outside("async")],
  ["a tag", "() => tag`x`", outside("tag")],
  ["require", "() => require('node:fs')", outside("require")],
  ["this", "function f() { return this; }", outside("this")],
  ["this in an arrow function", "() => () => this", outside("this")],
];

describe("a function that uses something from outside of itself is refused by name (THR-23)", () => {
  test.each(refused)("%s", async (_, source, reason) => {
    const error = await rejection(runInThread(functionOf(source), [] as never, { pool }));
    expect(error).toMatchObject({ name: "TypeError", code: "ERR_INVALID_ARG_VALUE" });
    expect((error as Error).message).toContain(
      `cannot be sent to another thread: ${reason}; pass values in args`,
    );
  });
});

test("what has no source of its own is refused by name (THR-23)", async () => {
  class Base {}
  class Own extends Base {
    method(): void {}
    static async fixed(): Promise<void> {}
    get read(): () => void {
      return () => super.toString();
    }
  }
  const getter = Object.getOwnPropertyDescriptor(Own.prototype, "read")?.get;
  const own = new Own();
  const cases: ReadonlyArray<readonly [fn: unknown, message: string]> = [
    [Own, "The function Own cannot be sent to another thread: it is a class"],
    [own.method, "The function method cannot be sent to another thread: it is a method"],
    [Own.fixed, "The function fixed cannot be sent to another thread: it is a method"],
    [getter, "The function get read cannot be sent to another thread: it is a method"],
    [{ *gen(): Generator {} }.gen, "The function gen cannot be sent to another thread: it is a method"],
    [{ ["a b"]() {} }["a b"], "The function a b cannot be sent to another thread: it is a method"],
    [Math.max, "The function max cannot be sent to another thread: its source is not available"],
    [own.method.bind(own), "The function bound method cannot be sent to another thread: its source"],
    [own.read, `The function cannot be sent to another thread: ${outside("super")}`],
  ];
  for (const [fn, message] of cases) {
    expect(await rejection(runInThread(wrong(fn), [] as never, { pool }))).toMatchObject({
      name: "TypeError",
      message: expect.stringContaining(message),
    });
  }
});

test("a global that the thread does not have, and source that is not strict, are refused in the thread (THR-23)", async () => {
  const globals = globalThis as { onlyHere?: number };
  globals.onlyHere = 1;
  try {
    expect(await rejection(runInThread(functionOf("() => onlyHere"), [] as never, { pool }))).toMatchObject({
      name: "ReferenceError",
      message: "a thread has no global onlyHere",
    });
  } finally {
    delete globals.onlyHere;
  }
  const sloppy = evaluate("(function () { return 010; })");
  expect(await rejection(runInThread(sloppy, [] as never, { pool }))).toMatchObject({
    name: "SyntaxError",
  });
});

test("import.meta is refused by name (THR-23)", async () => {
  // In a program, because test runners replace it.
  const { output, errors } = await runScript(`
    import { runInThread } from "@hother/cancelable/threads";
    await runInThread(() => import.meta.url, []).catch((error) => console.log(error.message));
  `);
  expect(errors).toBe("");
  expect(output).toContain(`cannot be sent to another thread: ${outside("import.meta")}`);
});

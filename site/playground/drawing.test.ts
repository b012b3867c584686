import { Cancellable, moveOnAfter, run, shield, sleep, taskGroup } from "@hother/cancelable";
import { VirtualBackend } from "@hother/cancelable/testing";
import { describe, expect, test } from "vitest";
import { record } from "../pictures/recorded-run.ts";
import { compile, printed } from "./program.ts";
import { Recorder } from "./recorder.ts";
import type { Bar } from "./recording.ts";
import { schemes } from "./svg.ts";
import { drawTimeLine } from "./time-line.ts";

/** The contrast of two colours after WCAG 2. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string): number => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const named = (bars: readonly Bar[], name: string): Bar => {
  const bar = bars.find((one) => one.name === name);
  if (bar === undefined) throw new Error(`no bar ${name}`);
  return bar;
};

describe("the recorder", () => {
  test("knows when an operation begins, is cancelled and ends, and why", async () => {
    const { bars } = await record(() =>
      Cancellable.withTimeout(300, { name: "outer" }).settle(() =>
        new Cancellable({ name: "inner" }).run(async () => {
          try {
            await sleep(1_000);
          } finally {
            await new Cancellable({ name: "clean-up", shield: true }).run(() => sleep(50));
          }
        }),
      ),
    );
    expect(named(bars, "outer")).toMatchObject({ begin: 0, cancelledAt: 300, end: 350, reason: "timeout" });
    expect(named(bars, "inner")).toMatchObject({ cancelledAt: 300, end: 350, reason: "parent" });
    expect(named(bars, "clean-up")).toMatchObject({ begin: 300, end: 350, outcome: "completed" });
    expect(named(bars, "clean-up").parent).toBe(named(bars, "inner").key);
  });

  test("sees plain scopes and tasks, with exact times on virtual time", async () => {
    const { bars } = await record(() =>
      taskGroup(
        (group) => {
          group.startSoon(async function reader() {
            await moveOnAfter(200, () => sleep(1_000), { name: "limit" });
            await sleep(100);
          });
        },
        { name: "group" },
      ),
    );
    expect(named(bars, "group")).toMatchObject({ begin: 0, end: 300, outcome: "ended" });
    expect(named(bars, "reader")).toMatchObject({ kind: "task", begin: 0, end: 300 });
    // No snapshot shows the cancellation of a scope that ends in the same turn.
    const limit = { begin: 0, end: 200, cancelledAt: undefined, outcome: "ended" };
    expect(named(bars, "limit")).toMatchObject(limit);
  });

  test("sees the cancellation of a plain scope that needs time to end", async () => {
    const body = async (): Promise<void> => {
      try {
        await sleep(1_000);
      } finally {
        await shield(() => sleep(100));
      }
    };
    const { bars } = await record(() => moveOnAfter(200, body, { name: "limit" }));
    expect(named(bars, "limit")).toMatchObject({ cancelledAt: 200, end: 300, outcome: "cancelled" });
  });

  test("tells the end of the body from the end of the operation, which waits for its scopes", async () => {
    const { bars } = await record(() =>
      new Cancellable({ name: "parent" }).run(() => {
        void new Cancellable({ name: "child" }).run(() => sleep(200));
        return sleep(50);
      }),
    );
    expect(named(bars, "parent")).toMatchObject({ bodyEnd: 50, end: 200 });
  });

  test("records nothing more when it is disposed of", async () => {
    const backend = new VirtualBackend();
    const recorder = new Recorder({ now: () => backend.now(), root: backend });
    recorder[Symbol.dispose]();
    await run(() => new Cancellable({ name: "later" }).run(() => sleep(10)), { backend });
    expect(recorder.recording().bars).toEqual([]);
  });
});

describe("the drawing", () => {
  test.each(["light", "dark"] as const)("has text with the contrast of AA in %s", (scheme) => {
    const { ground = "", grid, ...texts } = schemes[scheme];
    expect(grid).toBeDefined();
    for (const [name, colour] of Object.entries(texts))
      expect(contrast(colour, ground), name).toBeGreaterThanOrEqual(4.5);
  });

  const aRun = () => record(() => new Cancellable({ name: "job" }).run(() => sleep(100)));

  test("has names above the bars where it is narrow, and beside them where there is room", async () => {
    const recording = await aRun();
    const placeOf = (width: number) => {
      const svg = drawTimeLine([{ recording }], { title: "A job", width });
      expect(svg).toContain(`width="${width}"`);
      return Number(/<rect x="([\d.]+)"[^>]*class="run"/.exec(svg)?.[1]);
    };
    expect(placeOf(340)).toBeLessThan(20);
    expect(placeOf(800)).toBeGreaterThan(250);
  });

  test("keeps the last tick inside of the picture", async () => {
    const svg = drawTimeLine([{ recording: await aRun() }], { title: "A job", width: 340 });
    const last = [...svg.matchAll(/<text x="([\d.]+)"[^>]*>[^<]*ms<\/text>/g)].at(-1);
    expect(Number(last?.[1])).toBeLessThanOrEqual(340 - 14 - 15);
  });

  test("is the same each time, and needs nothing from outside", async () => {
    const draw = async () =>
      drawTimeLine([{ recording: await aRun() }], { title: "A job", width: 340, file: true });
    const svg = await draw();
    expect(await draw()).toBe(svg);
    expect(svg.replace("http://www.w3.org/2000/svg", "")).not.toMatch(
      /https?:|<script|<image|<foreignObject/,
    );
  });

  test("has a title and a description for screen readers, with all markup escaped", async () => {
    const recording = await record(() => new Cancellable({ name: '<b>&"job"' }).run(() => sleep(100)));
    const svg = drawTimeLine([{ recording }], { title: "A < B", width: 340, id: "x" });
    expect(svg).toContain('role="img" aria-labelledby="x-t x-d"');
    expect(svg).toContain('<title id="x-t">A &lt; B</title>');
    expect(svg).not.toContain("<b>");
  });
});

describe("a program of the playground", () => {
  test("can rename what it imports", async () => {
    const code = 'import { a as b } from "m";\nconst c = b + 1;\nreturn c;';
    expect(await compile(code, { m: { a: 1 } })()).toBe(2);
  });

  test("prints values as text", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const values = [
      "a",
      1,
      { b: 2 },
      new TypeError("bad"),
      undefined,
      null,
      Symbol("s"),
      circle,
      Object.create(null),
    ];
    expect(values.map(printed)).toEqual([
      "a",
      "1",
      '{"b":2}',
      "TypeError: bad",
      "undefined",
      "null",
      "Symbol(s)",
      "[object Object]",
      "{}",
    ]);
  });
});

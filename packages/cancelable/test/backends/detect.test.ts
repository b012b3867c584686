import { afterEach, describe, expect, test } from "vitest";
import {
  AsyncBackend,
  Cancellable,
  detectBackend,
  getBackend,
  registerBackend,
  run,
  sleep,
  UsageError,
} from "../../src/index.ts";
import { VirtualBackend } from "../../src/testing/index.ts";

// Does not import `../backends.ts`, which registers the backends of other packages.

/** The four members that a new backend must have, and nothing else. */
class OwnBackend extends AsyncBackend {
  override readonly name: string;
  /** The result of {@link current}: the native task that runs, if any. */
  task: object | undefined = undefined;
  timers = 0;

  constructor(name: string) {
    super();
    this.name = name;
  }
  override now(): number {
    return performance.now();
  }
  override setTimer(at: number, fire: () => void): Disposable {
    this.timers++;
    const handle = setTimeout(fire, Math.ceil(at - performance.now()));
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  }
  override current(): object | undefined {
    return this.task;
  }
}

const registrations: Disposable[] = [];

function register(backend: AsyncBackend): Disposable {
  const registration = registerBackend(backend);
  registrations.push(registration);
  return registration;
}

afterEach(() => {
  for (const registration of registrations.splice(0)) registration[Symbol.dispose]();
});

describe("getBackend", () => {
  test("native is always known, and is the default", () => {
    expect(getBackend("native").name).toBe("native");
    expect(getBackend()).toBe(getBackend("native"));
    expect(detectBackend()).toBe(getBackend("native"));
  });

  test("a known name that is missing gives an error with the import to add (CONF-S07)", () => {
    for (const [name, hint] of [
      ["effect", "@hother/cancelable-backends/effect"],
      ["effection", "@hother/cancelable-backends/effection"],
      ["virtual", "@hother/cancelable/testing"],
    ] as const) {
      expect(() => getBackend(name)).toThrow(
        expect.objectContaining({ code: "ERR_UNKNOWN_BACKEND", message: expect.stringContaining(hint) }),
      );
    }
  });

  test("an unknown name gives an error with the known names", () => {
    register(new OwnBackend("own"));
    expect(() => getBackend("other")).toThrow(UsageError);
    expect(() => getBackend("other")).toThrow(/"other".*native, own/);
    expect(() => getBackend(42 as never)).toThrow(TypeError);
  });

  test("run() accepts a name or a backend, and refuses other values", async () => {
    expect(await run(() => detectBackend().name, { backend: "native" })).toBe("native");
    await expect(run(() => {}, { backend: "nowhere" })).rejects.toMatchObject({
      code: "ERR_UNKNOWN_BACKEND",
    });
    await expect(run(() => {}, { backend: {} as never })).rejects.toMatchObject({
      name: "TypeError",
      message: expect.stringContaining("options.backend"),
    });
    await expect(run("main" as never)).rejects.toThrow(TypeError);
    await expect(run(() => {}, null as never)).rejects.toThrow(TypeError);
  });
});

describe("registerBackend", () => {
  test("the backend is known by its name until its disposal", () => {
    const own = new OwnBackend("own");
    const registration = register(own);
    expect(getBackend("own")).toBe(own);
    registration[Symbol.dispose]();
    registration[Symbol.dispose]();
    expect(() => getBackend("own")).toThrow(UsageError);
  });

  test("disposing of one registration leaves the others", () => {
    const [first, second] = [new OwnBackend("first"), new OwnBackend("second")];
    const registration = register(first);
    register(second);
    registration[Symbol.dispose]();
    second.task = {};
    expect([getBackend("second"), detectBackend()]).toEqual([second, second]);
  });

  test("a value that is no backend is refused", () => {
    expect(() => register({ name: "x" } as never)).toThrow(/backend must be an AsyncBackend/);
  });
});

describe("detection", () => {
  test("inside a native task of a registered backend this backend is detected", async () => {
    const own = new OwnBackend("own");
    register(own);
    expect(detectBackend().name).toBe("native");
    own.task = {};
    expect([detectBackend(), getBackend()]).toEqual([own, own]);
    await sleep(1);
    // One timer, or more if a host timer fired early.
    const { timers } = own;
    expect(timers).toBeGreaterThan(0);
    own.task = undefined;
    expect(detectBackend().name).toBe("native");
    await sleep(1);
    expect(own.timers).toBe(timers);
  });

  test("an entered scope decides, whatever native task runs", async () => {
    const own = new OwnBackend("own");
    const virtual = new VirtualBackend();
    register(own);
    own.task = {};
    await run(
      async () => {
        expect(detectBackend()).toBe(virtual);
        await sleep(10);
        await run(() => expect(detectBackend()).toBe(getBackend("native")), { backend: "native" });
        expect(detectBackend()).toBe(virtual);
      },
      { backend: virtual },
    );
    expect([virtual.now(), own.timers]).toEqual([10, 0]);
  });

  test("a backend of the four required members runs operations, timeouts and groups", async () => {
    const own = new OwnBackend("own");
    const outcome = await run(() => Cancellable.withTimeout(10).settle((op) => op.sleep(60_000)), {
      backend: own,
    });
    expect(outcome).toMatchObject({ status: "cancelled", error: { reason: "timeout" } });
    expect(own.timers).toBeGreaterThan(0);
  });
});

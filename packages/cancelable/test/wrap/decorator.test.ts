import { expect, test, vi } from "vitest";
import {
  Cancellable,
  cancellable,
  currentOperation,
  type InjectingOptions,
  sleepForever,
  type WrapOptions,
} from "../../src/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";
import { expectThrows, expectUsageError, thrown, wrong } from "../refusals.ts";

type Decorator = (value: unknown, context: object) => unknown;
type Method = (this: unknown, ...args: unknown[]) => Promise<unknown>;

const decorator = (options: WrapOptions | InjectingOptions): Decorator => cancellable(wrong(options));

/** The context object of a decorator, as the specification defines it. */
function contextOf(kind: string, name: string | symbol, isStatic = false): object {
  const isPrivate = typeof name === "string" && name.startsWith("#");
  return {
    kind,
    name,
    static: isStatic,
    private: isPrivate,
    metadata: {},
    access: {
      has: (object: object) => name in object,
      get: (object: Record<string | symbol, unknown>) => object[name],
    },
    addInitializer() {},
  };
}

/** Decorates a method of a class in place. */
function decorateMethod(owner: object, name: string | symbol, options: WrapOptions | InjectingOptions): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
  const key = descriptor.get === undefined ? "value" : "get";
  const context = contextOf(key === "get" ? "getter" : "method", name, typeof owner === "function");
  Object.defineProperty(owner, name, {
    ...descriptor,
    [key]: decorator(options)(descriptor[key], context),
  });
}

const optionsOf = (fn: object): unknown => Reflect.get(fn, "cancellableOptions");
const nameHere = (): string | undefined => currentOperation()?.name;

describeEverywhere("cancellable(options) as a decorator of methods", (everywhere) => {
  everywhere("the operation is named Class.method, after the class of the object (PAR-DEC-06)", async () => {
    const symbol = Symbol("listen");
    class Service {
      async load(): Promise<unknown> {
        return nameHere();
      }
      async [symbol](): Promise<unknown> {
        return nameHere();
      }
      static async connect(): Promise<unknown> {
        return nameHere();
      }
    }
    decorateMethod(Service.prototype, "load", {});
    decorateMethod(Service.prototype, symbol, {});
    decorateMethod(Service, "connect", {});
    class Special extends Service {}
    expect(await new Service().load()).toBe("Service.load");
    expect(await new Special().load()).toBe("Special.load");
    expect(await new Service()[symbol]()).toBe("Service.[listen]");
    expect(await Service.connect()).toBe("Service.connect");
    expect(Service.prototype.load.name).toBe("load");
  });

  everywhere("a member whose symbol has no description is named after the word symbol", async () => {
    const unnamed = Symbol();
    class Service {
      async [unnamed](): Promise<unknown> {
        return nameHere();
      }
    }
    decorateMethod(Service.prototype, unnamed, {});
    expect(await new Service()[unnamed]()).toBe("Service.[symbol]");
  });

  everywhere("a given name wins (PAR-DEC-06)", async () => {
    class Service {
      async load(): Promise<unknown> {
        return nameHere();
      }
    }
    decorateMethod(Service.prototype, "load", { name: "given" });
    expect(await new Service().load()).toBe("given");
    expect(optionsOf(Service.prototype.load)).toEqual({ name: "given", inject: false });
  });

  everywhere("without a class the operation is named after the member (PAR-DEC-06)", async () => {
    const method = decorator({})(async () => nameHere(), contextOf("method", "#secret")) as Method;
    const hostile = {
      get constructor(): never {
        throw new Error("nobody's business");
      },
    };
    const unusual = [undefined, null, Object.create(null), new (class {})(), { constructor: 5 }, hostile];
    for (const self of unusual) expect(await method.call(self)).toBe("#secret");
    expect(await method.call(7)).toBe("Number.#secret");
  });

  everywhere("arguments, this, injection and sources work as for functions (PAR-DEC-06)", async () => {
    class Service {
      rate = 2;
      async scale(value: number, op?: Cancellable): Promise<unknown> {
        return [value * this.rate, op === currentOperation(), op?.name];
      }
      async wait(): Promise<void> {
        await sleepForever();
      }
    }
    decorateMethod(Service.prototype, "scale", { inject: true });
    decorateMethod(Service.prototype, "wait", { timeout: 5 });
    const service = new Service();
    expect(await service.scale(21)).toEqual([42, true, "Service.scale"]);
    expect(await rejection(service.wait())).toMatchObject({ reason: "timeout" });
    // The types cannot hide the parameter. An operation that the caller passes is replaced by the method's own.
    expect(await service.scale(21, new Cancellable({ name: "explicit" }))).toEqual([
      42,
      true,
      "Service.scale",
    ]);
    expect(await service.scale(21, undefined)).toEqual([42, true, "Service.scale"]);
  });

  everywhere("each read of a getter is an operation (PAR-DEC-06)", async () => {
    const ids = new Set<string | undefined>();
    class Service {
      get report(): Promise<unknown> {
        ids.add(currentOperation()?.id);
        return Promise.resolve(nameHere());
      }
    }
    decorateMethod(Service.prototype, "report", { timeout: 60_000 });
    const service = new Service();
    expect([await service.report, await service.report]).toEqual(["Service.report", "Service.report"]);
    expect(ids.size).toBe(2);
  });

  everywhere("a fixed id allows one call at a time over all objects", async () => {
    class Service {
      async wait(op?: Cancellable): Promise<void> {
        await op?.sleep(5);
      }
    }
    decorateMethod(Service.prototype, "wait", { id: "poll", inject: true });
    const first = new Service().wait();
    expectUsageError(await rejection(new Service().wait()), "ERR_BUSY", /"poll"/);
    await first;
    await new Service().wait();
  });
});

describeEverywhere("cancellable(options) as a decorator of accessors and fields", (everywhere) => {
  everywhere(
    "the initial function of a field is wrapped and named after its object (PAR-DEC-06)",
    async () => {
      class Service {
        readonly base = 40;
      }
      const service = new Service();
      const init = decorator({})(undefined, contextOf("field", "add")) as (
        this: unknown,
        fn: unknown,
      ) => Method;
      const add = init.call(service, async (n: number) => `${nameHere()} ${service.base + n}`);
      expect(await add(2)).toBe("Service.add 42");
      expect(optionsOf(add)).toMatchObject({ name: "Service.add" });
    },
  );

  everywhere(
    "the initial function of an accessor and every assigned one are wrapped (PAR-DEC-06)",
    async () => {
      class Service {}
      const service = new Service();
      let stored: unknown;
      const target = { get: () => stored, set: (value: unknown) => void (stored = value) };
      const { init, set } = decorator({ timeout: 60_000 })(target, contextOf("accessor", "handler")) as {
        init(this: unknown, fn: unknown): Method;
        set(this: unknown, fn: unknown): void;
      };
      expect(await init.call(service, async () => `first in ${nameHere()}`)()).toBe(
        "first in Service.handler",
      );
      set.call(service, async () => `second in ${nameHere()}`);
      expect(await (stored as Method)()).toBe("second in Service.handler");
      expect(thrown(() => set.call(service, 7))).toMatchObject({
        message: "Service.handler must be a function; got 7",
      });
      expect(thrown(() => init.call(service, undefined))).toBeInstanceOf(TypeError);
    },
  );
});

test("the decorator works without parentheses, and without options", async () => {
  const bare = cancellable as unknown as Decorator;
  for (const use of [bare, cancellable() as unknown as Decorator]) {
    const method = use(async () => currentOperation()?.name, contextOf("method", "load")) as Method;
    expect(await method.call(new (class Service {})())).toBe("Service.load");
    const field = use(undefined, contextOf("field", "load")) as (this: unknown, initial: unknown) => Method;
    expect(await field.call(new (class Service {})(), async () => currentOperation()?.name)()).toBe(
      "Service.load",
    );
  }
  const legacy = (): unknown => Reflect.apply(bare, undefined, [{}, "load", {}]);
  expectThrows("TypeError", [
    [legacy, "context", "the context of a standard decorator; switch `experimentalDecorators` off", '"load"'],
  ]);
});

test("members that cannot be decorated and legacy decorators are refused", () => {
  const fn = vi.fn();
  const kinds = '"method", "getter", "accessor" or "field"';
  expectThrows("TypeError", [
    [() => decorator({})(fn, contextOf("setter", "rate")), "context.kind", kinds, '"setter"'],
    [() => decorator({})(class {}, contextOf("class", "Service")), "context.kind", kinds, '"class"'],
    [() => decorator({})({}, {}), "context.kind", kinds, "undefined"],
    [() => decorator({})(7, contextOf("method", "load")), "value", "a function", "7"],
    [
      () => decorator({})({}, wrong("load")),
      "context",
      "the context of a standard decorator; switch `experimentalDecorators` off",
      '"load"',
    ],
  ]);
  expectThrows("RangeError", [
    [
      () => decorator({ inject: true })(fn, contextOf("getter", "report")),
      "options.inject",
      "false for a getter, which has no parameters",
      "true",
    ],
  ]);
  expect(fn).not.toHaveBeenCalled();
});

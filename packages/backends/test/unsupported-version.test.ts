import { afterEach, beforeEach, expect, test, vi } from "vitest";

/*
 * Each test imports a backend with a changed Effect or Effection, as a later version might be. The modules are loaded
 * anew, so the library is imported inside the tests too.
 */

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.doUnmock("effect");
  vi.doUnmock("effection");
});

/** Imports a backend, expects that this fails because of missing internals, and that no backend was registered. */
async function expectUnsupported(name: "effect" | "effection", missing: string): Promise<void> {
  const { getBackend, UsageError } = await import("@hother/cancelable");
  const error: unknown = await (name === "effect"
    ? import("../src/effect/index.ts")
    : import("../src/effection/index.ts")
  ).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UsageError);
  expect(error).toMatchObject({ code: "ERR_UNKNOWN_BACKEND" });
  expect((error as Error).message).toContain(
    `the installed version of ${name} has no ${missing}; install ${name} 4.1`,
  );
  expect(() => getBackend(name)).toThrow(UsageError);
}

/** Replaces some functions of Effect's module `Effect`. */
function mockEffect(change: (real: typeof import("effect")) => Record<string, unknown>): void {
  vi.doMock("effect", async (importOriginal) => {
    const real = await importOriginal<typeof import("effect")>();
    return { ...real, Effect: { ...real.Effect, ...change(real) } };
  });
}

test("an Effect whose effects have no method to evaluate them is refused on import", async () => {
  mockEffect(() => ({ forkChild: () => ({}) }));
  await expectUnsupported("effect", 'method "~effect/Effect/evaluate" of an effect');
});

test("an Effect whose tracers do not see the steps of a fiber is refused on import", async () => {
  mockEffect((real) => ({ provideService: () => real.Effect.void }));
  await expectUnsupported("effect", 'call of "Tracer.context" for each step of a fiber');
});

test("an Effect whose fibers do not tell what interrupted them is refused on import", async () => {
  mockEffect(() => ({ runFork: () => ({ interruptUnsafe() {} }) }));
  await expectUnsupported("effect", 'field "_interruptedCause" of an interrupted fiber');
});

test("an error names everything that is missing", async () => {
  mockEffect(() => ({ forkChild: () => ({}), runFork: () => ({ interruptUnsafe() {} }) }));
  await expectUnsupported(
    "effect",
    'method "~effect/Effect/evaluate" of an effect and no field "_interruptedCause" of an interrupted fiber',
  );
});

test("an Effection with another scheduler is refused on import", async () => {
  vi.doMock("effection", async (importOriginal) => {
    const real = await importOriginal<typeof import("effection")>();
    // Scopes that are created do not ask for the scheduler by the expected name.
    const global = Object.create(real.global, { around: { value: () => {} } }) as typeof real.global;
    return { ...real, global };
  });
  await expectUnsupported("effection", 'scheduler in the context "@effection/reducer"');
});

test("the installed versions are accepted", async () => {
  const { getBackend } = await import("@hother/cancelable");
  await import("../src/effect/index.ts");
  await import("../src/effection/index.ts");
  expect([getBackend("effect").name, getBackend("effection").name]).toEqual(["effect", "effection"]);
});

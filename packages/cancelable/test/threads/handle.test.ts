import { expect, test } from "vitest";
import { SharedCancellationToken, type SharedTokenHandle } from "../../src/threads/index.ts";
import { expectUsageError, thrown, wrong } from "../refusals.ts";

const { attach } = SharedCancellationToken;

test("a value that is no handle is refused by name (THR-10)", () => {
  using token = new SharedCancellationToken();
  const { handle } = token;
  const anHandle = "handle must be the handle of a SharedCancellationToken; got ";
  const memory = "handle.memory must be a SharedArrayBuffer, which JSON and a transfer do not keep; got ";
  const ofTokens = "handle.memory must be the memory of shared tokens; got an instance of SharedArrayBuffer";
  const detached = new ArrayBuffer(8);
  structuredClone(detached, { transfer: [detached] });
  const slot = "handle.slot must be a whole number from 0 to 1023; got ";
  const generation = "handle.generation must be the generation of a token that was created; got ";
  const cases: ReadonlyArray<readonly [handle: unknown, message: string]> = [
    [undefined, `${anHandle}undefined`],
    [null, `${anHandle}null`],
    [7, `${anHandle}7`],
    [{ kind: "token" }, `${anHandle}{"kind":"token"}`],
    [token, `${anHandle}an instance of SharedCancellationToken`],
    [JSON.parse(JSON.stringify(handle)), `${memory}{}`],
    [{ ...handle, memory: detached }, `${memory}an instance of ArrayBuffer`],
    [{ ...handle, memory: new SharedArrayBuffer(8) }, ofTokens],
    [{ ...handle, memory: new SharedArrayBuffer(handle.memory.byteLength) }, ofTokens],
    [{ ...handle, slot: -1 }, `${slot}-1`],
    [{ ...handle, slot: 1_024 }, `${slot}1024`],
    [{ ...handle, slot: "0" }, `${slot}"0"`],
    [{ ...handle, generation: 0 }, `${generation}0`],
    [{ ...handle, generation: 9_999 }, `${generation}9999`],
    [{ ...handle, generation: undefined }, `${generation}undefined`],
  ];
  for (const [given, message] of cases) {
    const error = thrown(() => SharedCancellationToken.attach(wrong(given)));
    expect(error).toMatchObject({ message });
    expect((error as { readonly code?: unknown }).code).toMatch(/^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/);
  }
});

test("a handle or a memory of another version is refused with both versions (THR-10)", () => {
  using token = new SharedCancellationToken();
  const { handle } = token;
  const other = { ...handle, version: 2 };
  const text = /^The handle of a shared token comes from another version .*version 2, .*version 1\)\.$/;
  expectUsageError(
    thrown(() => attach(other)),
    "ERR_OTHER_VERSION",
    text,
  );
  // The memory of another version has another size. Its second word is the version.
  const memory = new SharedArrayBuffer(4_096);
  new Int32Array(memory).set(new Int32Array(handle.memory, 0, 4));
  new Int32Array(memory)[1] = 2;
  expectUsageError(
    thrown(() => attach({ ...handle, memory })),
    "ERR_OTHER_VERSION",
    text,
  );
  new Int32Array(memory)[1] = 1;
  expect(thrown(() => attach({ ...handle, memory }))).toBeInstanceOf(TypeError);
});

test("a handle is small, and survives being cloned several times", () => {
  using token = new SharedCancellationToken();
  const copy: SharedTokenHandle = structuredClone(structuredClone(token.handle));
  expect(Object.keys(copy).sort()).toEqual(["generation", "kind", "memory", "slot", "version"]);
  attach(copy).cancel("quota");
  expect(token.reason).toBe("quota");
});

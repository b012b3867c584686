import { invalidType, requireFunction, requireOptions } from "../arguments.ts";
import { currentNode, setDetector } from "../scope/ambient.ts";
import { CancelScope } from "../scope/cancel-scope.ts";
import { rootOf } from "../scope/root.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { UsageError } from "../usage-error.ts";
import { AsyncBackend } from "./backend.ts";
import { nativeBackend } from "./native.ts";
import { markRun } from "./run-variable.ts";

/** Where the backends that are known by name come from. */
const imports: Readonly<Record<string, string>> = {
  effect:
    'install "effect" and "@hother/cancelable-backends", and import "@hother/cancelable-backends/effect"',
  effection:
    'install "effection" and "@hother/cancelable-backends", and import "@hother/cancelable-backends/effection"',
  virtual: 'import { VirtualBackend } from "@hother/cancelable/testing" and pass an instance to run()',
};

const registered: AsyncBackend[] = [];

export function requireBackend(backend: unknown, argument: string): asserts backend is AsyncBackend {
  if (!(backend instanceof AsyncBackend)) throw invalidType(argument, "an AsyncBackend", backend);
}

/**
 * Makes a backend known: by its name to {@link getBackend}, and to detection by its `current()`.
 * Disposing forgets it.
 */
export function registerBackend(backend: AsyncBackend): Disposable {
  requireBackend(backend, "backend");
  registered.push(backend);
  setDetector(locateRunning);
  return {
    [Symbol.dispose]() {
      const at = registered.indexOf(backend);
      if (at >= 0) registered.splice(at, 1);
      // Nobody to ask: detection costs nothing again.
      if (registered.length === 0) setDetector(undefined);
    },
  };
}

function locateRunning(): ScopeNode | undefined {
  for (const backend of registered) {
    const node = backend.locate();
    if (node !== undefined) return node;
  }
  return undefined;
}

/** The backend that code here runs on: the ambient scope's, else the one whose native task this is, else the native one. */
export function detectBackend(): AsyncBackend {
  const { runtime } = currentNode().clock;
  return runtime instanceof AsyncBackend ? runtime : nativeBackend;
}

/**
 * A backend by name, or the one of {@link detectBackend}.
 *
 * @throws UsageError `ERR_UNKNOWN_BACKEND`, which names the import that is missing.
 */
export function getBackend(name?: string): AsyncBackend {
  if (name === undefined) return detectBackend();
  if (typeof name !== "string") throw invalidType("name", "a string", name);
  if (name === "native") return nativeBackend;
  const found = registered.find((backend) => backend.name === name);
  if (found !== undefined) return found;
  throw new UsageError(
    "ERR_UNKNOWN_BACKEND",
    `"${name}"`,
    imports[name] ?? `known: ${["native", ...registered.map((backend) => backend.name)].join(", ")}`,
  );
}

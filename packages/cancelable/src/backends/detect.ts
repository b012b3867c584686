import { invalidType } from "../arguments.ts";
import { ambientNode, setDetector } from "../scope/ambient.ts";
import type { ScopeNode } from "../scope/scope-node.ts";
import { UsageError } from "../usage-error.ts";
import { AsyncBackend } from "./backend.ts";
import { nativeBackend } from "./native.ts";

/** How to make the backends of this repository available. The text is part of an error message. */
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
 * Makes a backend available by its name, and to detection through its `current()`. Disposing the result removes the
 * backend.
 */
export function registerBackend(backend: AsyncBackend): Disposable {
  requireBackend(backend, "backend");
  registered.push(backend);
  setDetector(locateRunning);
  return {
    [Symbol.dispose]() {
      const at = registered.indexOf(backend);
      if (at >= 0) registered.splice(at, 1);
      // Without a registered backend, detection has no cost.
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

/**
 * The backend on which the caller runs. Inside a scope: the backend of the scope. Otherwise the backend in whose native
 * task the caller runs, or the native backend.
 */
export function detectBackend(): AsyncBackend {
  const { runtime } = ambientNode().clock;
  return runtime instanceof AsyncBackend ? runtime : nativeBackend;
}

/**
 * The backend with this name. Without a name, the result of {@link detectBackend}.
 *
 * @throws UsageError `ERR_UNKNOWN_BACKEND`. The message names the package that must be imported.
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

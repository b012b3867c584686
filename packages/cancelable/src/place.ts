import { requireBoolean } from "./arguments.ts";

/** Whether the places of new objects are kept. The callers of {@link keepPlace} test this flag first, which costs no call. */
export let placesAreKept = false;

/**
 * The stacks of the objects whose places are kept. The runtime formats a stack when it is first read, and most are
 * never read. Undefined until the first one is kept.
 */
let stacks: WeakMap<object, object> | undefined;

/**
 * For development: whether to keep the place where each scope, operation and task is made from now on, and where each
 * lock is acquired. A place is the first stack frame outside of this library, for example `loadUsers
 * (file:///app/users.js:12:9)`. It is in `error.place` of a cancellation, in the stack of an error that has no frames
 * of its own (timeouts), in `liveScopes`, and in the report of a task that waits for its own lock. Default: off.
 *
 * A place costs about 10 µs and 0.7 kB of memory for each scope, and nothing while it is off.
 *
 * @returns The previous setting.
 * @example
 * ```ts
 * import { isCancellation, moveOnAfter, sleep } from "@hother/cancelable";
 * import { keepPlaces } from "@hother/cancelable/inspect";
 *
 * const before = keepPlaces(true);
 * await moveOnAfter(1, async () => {
 *   try {
 *     await sleep({ hours: 1 });
 *   } catch (error) {
 *     console.log(isCancellation(error) && error.place); // the line of moveOnAfter
 *     throw error;
 *   }
 * });
 * keepPlaces(before);
 * ```
 */
export function keepPlaces(on: boolean): boolean {
  requireBoolean(on, "on");
  const before = placesAreKept;
  placesAreKept = on;
  return before;
}

/** Keeps the place of the caller's caller outside of this library as the place of `of`. */
export function keepPlace(of: object): void {
  stacks ??= new WeakMap();
  stacks.set(of, new Error());
}

/** Gives `to` the place of `from`, because the own place of `to` is the code that released another object. */
export function passPlace(from: object, to: object): void {
  const stack = stacks?.get(from);
  if (stack === undefined) stacks?.delete(to);
  else stacks?.set(to, stack);
}

/** The place of `of`. Undefined if it was not kept, or if there is no frame outside of this library. */
export function placeOf(of: object): string | undefined {
  const stack = stacks?.get(of);
  return stack === undefined ? undefined : placeIn(stack);
}

/** The first frame outside of this library in the stack of an error. */
export function placeIn(error: { readonly stack?: unknown }): string | undefined {
  own ||= ownFiles();
  for (const frame of framesOf(error)) {
    const file = fileOf(frame);
    if (file !== undefined && !file.startsWith("node:") && !(own !== "" && file.startsWith(own)))
      return frame;
  }
  return undefined;
}

/**
 * The beginning of the names of this library's files: its folder, or the bundle that contains it. Empty where stacks
 * cannot be read.
 */
let own = "";

function ownFiles(): string {
  const [frame = ""] = framesOf(new Error());
  const file = fileOf(frame) ?? "";
  return /[\\/]place\.[jt]s(\?.*)?$/.test(file) ? file.slice(0, file.search(/place\.[jt]s(\?.*)?$/)) : file;
}

/** The frames of a stack as `name (file:line:column)`, in the notation of V8 or of JavaScriptCore and SpiderMonkey. */
function framesOf(error: { readonly stack?: unknown }): string[] {
  const { stack } = error;
  // A user's `Error.prepareStackTrace` can return anything.
  if (typeof stack !== "string") return [];
  const frames: string[] = [];
  for (const line of stack.split("\n")) {
    const [, inV8] = /^\s+at (.*)$/.exec(line) ?? [];
    const [, name, file] = /^([^@]*)@(.*:\d+:\d+)$/.exec(line) ?? [];
    if (inV8 !== undefined) frames.push(inV8);
    else if (file !== undefined) frames.push(name === "" ? file : `${name} (${file})`);
  }
  return frames;
}

/** The file of a frame. Undefined for a frame of the runtime, such as `Promise.all (index 0)` or `new A ([source:1]:1:2)`. */
function fileOf(frame: string): string | undefined {
  return /([^\s(]*[\\/][^\s(]+):\d+:\d+\)?$/.exec(frame)?.[1];
}

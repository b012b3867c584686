import { UsageError } from "@hother/cancelable";
import type { Dispatch } from "./dispatch.ts";

interface Dispatcher {
  readonly dispatch: Dispatch;
}

/**
 * Where the versions of undici in a process, one of which is built into Node, keep their global dispatchers. The README of
 * undici names both places.
 */
const places: readonly symbol[] = [
  Symbol.for("undici.globalDispatcher.1"), // undici 6 and 7, and Node 20 to 24
  Symbol.for("undici.globalDispatcher.2"), // undici 8 and Node 26
];

const globals: Record<symbol, unknown> = globalThis as never; // places that no type knows

/**
 * Puts a dispatcher around each global dispatcher. Disposing of the result takes them away.
 *
 * @param around Makes a `dispatch` around another one.
 * @param of The function that the caller called, for messages.
 * @throws UsageError `ERR_UNSUPPORTED_HOST` if the process has no undici.
 */
export function surroundGlobalDispatchers(around: (dispatch: Dispatch) => Dispatch, of: string): Disposable {
  void globalThis.Response; // Node loads its undici when a name of it is read
  let isOn = true;
  const undo: Array<() => void> = [];
  for (const place of places) {
    const inner = globals[place] as Dispatcher | undefined; // undici puts nothing else there
    if (inner === undefined) continue;
    const outer = withDispatch(inner, (dispatch) => {
      const following = around(dispatch);
      return (options, handler) => (isOn ? following : dispatch)(options, handler);
    });
    write(place, outer);
    // Code that has set another dispatcher since then keeps that one.
    undo.push(() => globals[place] === outer && write(place, inner));
  }
  if (undo.length === 0)
    throw new UsageError(
      "ERR_UNSUPPORTED_HOST",
      of,
      "no undici is loaded; import undici first. fetch of Bun and Deno is not made of undici",
    );
  return {
    [Symbol.dispose]() {
      isOn = false;
      for (const one of undo.splice(0)) one();
    },
  };
}

/** As undici does it: undici refuses a place that it cannot write to. */
function write(place: symbol, value: unknown): void {
  Object.defineProperty(globals, place, { value, writable: true, enumerable: false, configurable: false });
}

/** The dispatcher with another `dispatch`. Everything else is the dispatcher itself, for example `isMockActive`. */
function withDispatch(inner: Dispatcher, around: (dispatch: Dispatch) => Dispatch): Dispatcher {
  const dispatch = around((options, handler) => inner.dispatch(options, handler));
  return new Proxy(inner, {
    get(target, key) {
      if (key === "dispatch") return dispatch;
      const value: unknown = Reflect.get(target, key);
      // Some dispatchers have private fields, which a proxy does not have. Other methods call `dispatch` of the proxy.
      return typeof value === "function" && (key === "close" || key === "destroy")
        ? value.bind(target)
        : value;
    },
  });
}

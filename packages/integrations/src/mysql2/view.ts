/** The methods that a view has in the place of those of its target. */
export type Overrides = { readonly [name: string | symbol]: (...args: never[]) => unknown };

/**
 * An object that behaves like `target`, of the same class and with the same properties, except for some methods. The
 * target itself is not changed.
 */
export function viewOf<T extends object>(target: T, overrides: Overrides): T {
  const bound = new Map<unknown, unknown>();
  const view: T = new Proxy(target, {
    get(_target, name) {
      if (Object.hasOwn(overrides, name)) return overrides[name];
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function" || name === "constructor") return value;
      let method = bound.get(value);
      if (method === undefined) {
        method = (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(value, target, args);
          return result === target ? view : result; // for chains such as `on(…).on(…)`
        };
        bound.set(value, method);
      }
      return method;
    },
    set(_target, name, value) {
      return Reflect.set(target, name, value, target);
    },
  });
  return view;
}

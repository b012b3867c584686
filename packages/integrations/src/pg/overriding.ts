type Method = (this: unknown, ...args: unknown[]) => unknown;

/**
 * `target` with other methods for some of its own. `instanceof`, properties and events are those of `target`. A
 * method that returns the target, such as `on`, returns the new object.
 */
export function overriding<T extends object>(target: T, methods: Readonly<Record<string, unknown>>): T {
  const bound = new Map<unknown, Method>();
  const wrapped: T = new Proxy(target, {
    get(_target, name) {
      const value: unknown = Reflect.get(target, name, target);
      // A client that is not of a pool has no `release`.
      if (typeof name === "string" && Object.hasOwn(methods, name) && value !== undefined)
        return methods[name];
      // A function of its own can be a class.
      if (typeof value !== "function" || name === "constructor" || Object.hasOwn(target, name)) return value;
      let method = bound.get(value);
      if (method === undefined) {
        method = (...args) => {
          const result: unknown = Reflect.apply(value, target, args);
          return result === target ? wrapped : result;
        };
        bound.set(value, method);
      }
      return method;
    },
  });
  return wrapped;
}

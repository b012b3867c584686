import { isThenable, requireFunction } from "./arguments.ts";
import { report } from "./reporter.ts";

/**
 * Returns a function that calls `callback`, and sends its error, thrown or rejected, to the reporter. For callbacks that
 * are only told of an event. Returns undefined for undefined.
 *
 * @param name The name of the option, for messages.
 * @throws TypeError when `callback` is not a function.
 */
export function guardCallback<A extends readonly unknown[]>(
  callback: ((...args: A) => unknown) | undefined,
  name: string,
): ((...args: A) => void) | undefined {
  if (callback === undefined) return undefined;
  requireFunction(callback, `options.${name}`);
  const failed = (error: unknown): void => report(error, `an ${name} callback`);
  return (...args) => {
    try {
      const result = callback(...args);
      if (isThenable(result)) Promise.resolve(result).then(undefined, failed);
    } catch (error) {
      failed(error);
    }
  };
}

import type { EffectiveOptions, InjectingOptions, WrapOptions } from "./options.ts";

/** The options as they hold, under one name. */
export function effective(
  options: WrapOptions | InjectingOptions,
  name: string | undefined,
): EffectiveOptions {
  return Object.freeze({ ...options, name, inject: options.inject === true });
}

/**
 * Makes `wrapper` look like `fn`: name and number of parameters. What can no longer be seen from outside,
 * the operation as the last one, is not counted.
 */
export function copySignature<W extends (...args: never[]) => unknown>(
  wrapper: W,
  fn: { readonly name: string; readonly length: number },
  hidden: 0 | 1,
  options?: EffectiveOptions,
): W {
  Object.defineProperty(wrapper, "name", { value: fn.name, configurable: true });
  Object.defineProperty(wrapper, "length", { value: Math.max(0, fn.length - hidden), configurable: true });
  if (options !== undefined) {
    Object.defineProperty(wrapper, "cancellableOptions", { value: options, enumerable: true });
  }
  return wrapper;
}

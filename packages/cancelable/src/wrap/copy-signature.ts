import type { EffectiveOptions, InjectingOptions, WrapOptions } from "./options.ts";

/** The options with their defaults, for `cancellableOptions`. */
export function effective(
  options: WrapOptions | InjectingOptions,
  name: string | undefined,
): EffectiveOptions {
  return Object.freeze({ ...options, name, inject: options.inject === true });
}

/**
 * Gives `wrapper` the name and the number of parameters of `fn`.
 *
 * @param hidden The number of parameters that callers of `wrapper` do not pass: 1 for an injected operation.
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

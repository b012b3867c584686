import { Cancellable } from "../cancellable.ts";

type Arguments = readonly unknown[];

/**
 * Returns `args` with `extra` as an additional last argument. Omitted arguments before `extra` become undefined. The
 * number of parameters comes from `fn.length`, which does not count a parameter with a default value and the
 * parameters after it. A caller of such a function must pass every argument.
 */
export function append(
  fn: { readonly length: number },
  args: Arguments,
  extra: Cancellable | undefined,
): unknown[] {
  return putAt(args, Math.max(args.length, fn.length - 1), extra);
}

/** As {@link append}, but an operation or `undefined` that the caller passed as the last argument is replaced. */
export function replaceLast(
  fn: { readonly length: number },
  args: Arguments,
  extra: Cancellable | undefined,
): unknown[] {
  return hasOperationPlace(fn, args) ? putAt(args, args.length - 1, extra) : append(fn, args, extra);
}

/** The operation that the caller passed as the last argument, if any. */
export function explicitLast(fn: { readonly length: number }, args: Arguments): Cancellable | undefined {
  const last = args.at(-1);
  return args.length >= fn.length && last instanceof Cancellable ? last : undefined;
}

function hasOperationPlace(fn: { readonly length: number }, args: Arguments): boolean {
  if (args.length === 0 || args.length !== fn.length) return false;
  const last = args.at(-1);
  return last === undefined || last instanceof Cancellable;
}

function putAt(args: Arguments, place: number, extra: Cancellable | undefined): unknown[] {
  const all = [...args];
  while (all.length < place) all.push(undefined);
  all[place] = extra;
  return all;
}

import { Cancellable } from "../cancellable.ts";

type Arguments = readonly unknown[];

/**
 * `args` with `extra` as the last argument: after those that were given, and not before its place in the
 * list of parameters, so that omitted ones are undefined. A parameter with a default value, and those
 * after it, cannot be counted: after one of them, all have to be given.
 */
export function append(
  fn: { readonly length: number },
  args: Arguments,
  extra: Cancellable | undefined,
): unknown[] {
  return putAt(args, Math.max(args.length, fn.length - 1), extra);
}

/** As {@link append}; if the caller gave the last one, or undefined for it, `extra` goes there instead. */
export function replaceLast(
  fn: { readonly length: number },
  args: Arguments,
  extra: Cancellable | undefined,
): unknown[] {
  return hasOwn(fn, args) ? putAt(args, args.length - 1, extra) : append(fn, args, extra);
}

/** The operation that the caller gave as the last argument, if that is what it is. */
export function explicitLast(fn: { readonly length: number }, args: Arguments): Cancellable | undefined {
  const last = args.at(-1);
  return args.length >= fn.length && last instanceof Cancellable ? last : undefined;
}

function hasOwn(fn: { readonly length: number }, args: Arguments): boolean {
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

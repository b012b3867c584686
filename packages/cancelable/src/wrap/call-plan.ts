import { invalidType, requireBoolean, show } from "../arguments.ts";
import { Cancellable, type CancellationPart } from "../cancellable.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { toSources } from "../operation/operation-source.ts";
import { sourcesOf } from "../operation/option-sources.ts";
import { type CancellableOptions, cancellableOptions } from "../operation/options.ts";
import { requireParent } from "../scope/scope-options.ts";
import type { CancellationSource } from "../sources/source.ts";
import { UsageError } from "../usage-error.ts";
import { append, replaceLast } from "./argument-place.ts";
import type { AnyFunction, InjectingOptions, WrapOptions } from "./options.ts";

/** One call of a wrapped function. */
export interface Call {
  readonly fn: AnyFunction;
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly name: string | undefined;
  /** Whether callers can pass an operation. Methods declare the parameter, so its type is visible to callers. */
  readonly mayPassOperation?: boolean;
}

const known: KnownOptions<WrapOptions> = { ...cancellableOptions, combine: 1, inject: 1 };

/**
 * The common part of all calls of one wrapper. The constructor checks all options. The calls share the sources, because
 * each start of a source is independent.
 */
export class CallPlan {
  readonly options: WrapOptions | InjectingOptions;
  readonly #common: CancellableOptions;
  readonly #sources: readonly CancellationSource[];
  /** The ids of the running calls, for wrappers with the option `id`. */
  readonly #running = new Set<string>();

  constructor(options: WrapOptions | InjectingOptions) {
    requireKnownOptions(options, known, "cancellable");
    const { id, combine, inject, parent, ...ofOperation } = options;
    if (id !== undefined && typeof id !== "string" && typeof id !== "function") {
      throw invalidType("options.id", "a string or a function", id);
    }
    if (inject !== undefined) requireBoolean(inject, "options.inject");
    if (parent !== undefined && parent !== null) requireParent(parent);
    if (combine !== undefined && typeof combine !== "function") combinedSources(combine, false);
    // The constructor checks the other options. The operation is never run.
    new Cancellable(ofOperation);
    this.options = { ...options };
    this.#sources = sourcesOf(options);
    const { timeout, metadata, grace, register, progressFrom, progressWeight, shield } = options;
    this.#common = {
      timeout,
      metadata: metadata === undefined ? undefined : { ...metadata },
      parent,
      grace,
      register,
      progressFrom,
      progressWeight,
      shield,
    };
  }

  /** Runs the function in an operation of its own. Rejects on every error, and never throws. */
  async run(call: Call): Promise<unknown> {
    const { fn, self, args } = call;
    const id = this.#idFor(args);
    try {
      const operation = this.#operation(call.name, id, args);
      const place = call.mayPassOperation === true ? replaceLast : append;
      return await operation.run((op) =>
        Reflect.apply(fn, self, this.options.inject === true ? place(fn, args, op) : args),
      );
    } finally {
      if (id !== undefined) this.#running.delete(id);
    }
  }

  #idFor(args: readonly unknown[]): string | undefined {
    const { id: option } = this.options;
    if (option === undefined) return undefined;
    const id: unknown = typeof option === "function" ? option(...args) : option;
    if (typeof id !== "string") throw invalidType("options.id", "a function that returns a string", id);
    if (this.#running.has(id)) {
      throw new UsageError(
        "ERR_BUSY",
        `operation id ${show(id)}`,
        "await the other call first, or pass `id` as a function of the arguments",
      );
    }
    this.#running.add(id);
    return id;
  }

  #operation(name: string | undefined, id: string | undefined, args: readonly unknown[]): Cancellable {
    const { combine } = this.options;
    const combined =
      combine === undefined
        ? []
        : typeof combine === "function"
          ? combinedSources(combine(...args), true)
          : combinedSources(combine, false);
    const operation = new Cancellable({ ...this.#common, name, id });
    for (const source of this.#sources) operation.addSource(source);
    for (const source of combined) operation.addSource(source);
    return operation;
  }
}

/**
 * @param removeParts Whether operations among the parts that have not started are removed from their parents after the
 * call. False if all calls share the parts.
 */
function combinedSources(parts: readonly CancellationPart[], removeParts: boolean): CancellationSource[] {
  if (!Array.isArray(parts)) {
    throw invalidType("options.combine", "an array of parts, or a function that returns an array", parts);
  }
  return toSources(parts, "options.combine", removeParts);
}

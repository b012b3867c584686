import { invalidType, outOfRange, requireBoolean, requireFunction, requireText, show } from "../arguments.ts";
import { Cancellable, type CancellationPart } from "../cancellable.ts";
import { toInterval, toMilliseconds } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import { toSources } from "../operation/operation-source.ts";
import type { CancellableOptions } from "../operation/options.ts";
import { ScopeNode } from "../scope/scope-node.ts";
import { requireParent } from "../scope/scope-options.ts";
import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { ConditionSource } from "../sources/condition-source.ts";
import { ResourceSource } from "../sources/resource-source.ts";
import { type SignalName, SignalSource } from "../sources/signal-source.ts";
import type { CancellationSource } from "../sources/source.ts";
import { requireSignal } from "../token/abort-signal.ts";
import { requireToken } from "../token/token.ts";
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

const known: KnownOptions<WrapOptions> = {
  timeout: 1,
  token: 1,
  signals: 1,
  signal: 1,
  condition: 1,
  conditionInterval: 1,
  resources: 1,
  combine: 1,
  name: 1,
  id: 1,
  metadata: 1,
  parent: 1,
  grace: 1,
  register: 1,
  inject: 1,
};

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
    // Here `undefined` is an error: the options are required.
    requireKnownOptions(options ?? null, known, "cancellable");
    const { timeout, token, combine, name, id, metadata, parent, grace, register, inject } = options;
    if (timeout !== undefined) toMilliseconds(timeout, "options.timeout");
    requireText(name, "options.name");
    if (id !== undefined && typeof id !== "string" && typeof id !== "function") {
      throw invalidType("options.id", "a string or a function", id);
    }
    if (token !== undefined) requireToken(token, "options.token");
    if (inject !== undefined) requireBoolean(inject, "options.inject");
    if (parent !== undefined && parent !== null) requireParent(parent);
    if (combine !== undefined && typeof combine !== "function") combinedSources(combine, false);
    const checked = {
      ...(metadata === undefined ? {} : { metadata }),
      ...(grace === undefined ? {} : { grace }),
      ...(register === undefined ? {} : { register }),
    };
    // The constructor checks these options. The operation is never run.
    new Cancellable(checked);
    this.options = { ...options };
    this.#common = {
      ...checked,
      ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
      ...(parent === undefined ? {} : { parent }),
      ...(token === undefined ? {} : { token }),
    };
    this.#sources = sourcesOf(options);
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
    const { timeout, combine } = this.options;
    const combined =
      combine === undefined
        ? []
        : typeof combine === "function"
          ? combinedSources(combine(...args), true)
          : combinedSources(combine, false);
    const options = {
      ...this.#common,
      ...(name === undefined ? {} : { name }),
      ...(id === undefined ? {} : { id }),
    };
    const operation =
      timeout === undefined ? new Cancellable(options) : Cancellable.withTimeout(timeout, options);
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

function sourcesOf(options: WrapOptions | InjectingOptions): CancellationSource[] {
  const { signals, signal, condition, conditionInterval, resources } = options;
  const sources: CancellationSource[] = [];
  if (signals !== undefined) sources.push(signalSource(signals));
  if (signal !== undefined) {
    requireSignal(signal, "options.signal");
    sources.push(new AbortSignalSource(signal));
  }
  if (conditionInterval !== undefined) {
    toInterval(conditionInterval, "options.conditionInterval");
    // An interval without a condition is probably a mistake.
    requireFunction(condition, "options.condition");
  }
  if (condition !== undefined) {
    requireFunction(condition, "options.condition");
    sources.push(
      new ConditionSource(
        condition,
        conditionInterval === undefined ? undefined : { interval: conditionInterval },
      ),
    );
  }
  if (resources !== undefined) sources.push(new ResourceSource(resources));
  return sources;
}

function signalSource(signals: SignalName | readonly SignalName[]): SignalSource {
  if (typeof signals === "string") return new SignalSource(signals);
  if (!Array.isArray(signals)) {
    throw invalidType("options.signals", "the name of a signal or an array of names", signals);
  }
  if (signals.length === 0) throw outOfRange("options.signals", "not empty", signals);
  return new SignalSource(...signals);
}

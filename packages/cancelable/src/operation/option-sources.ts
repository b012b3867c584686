import { invalidType, outOfRange, requireFunction, toList } from "../arguments.ts";
import { type Span, toEpoch, toInterval } from "../duration.ts";
import { type KnownOptions, requireKnownOptions } from "../known-options.ts";
import type { ScopeOptions } from "../scope/scope-options.ts";
import { AbortSignalSource } from "../sources/abort-signal-source.ts";
import { ConditionSource } from "../sources/condition-source.ts";
import { DeadlineSource } from "../sources/deadline-source.ts";
import { type ResourceOptions, ResourceSource, type ResourceThresholds } from "../sources/resource-source.ts";
import { type SignalName, SignalSource } from "../sources/signal-source.ts";
import type { CancellationSource } from "../sources/source.ts";
import { TokenSource } from "../sources/token-source.ts";
import { requireSignal } from "../token/abort-signal.ts";
import { requireToken } from "../token/token.ts";

/** A condition that cancels, with its interval. */
export interface ConditionOption {
  /** Cancels by returning true. The first check is at the start. */
  readonly check: () => boolean | PromiseLike<boolean>;
  /** Time from the end of one check to the start of the next check. Default: 100 ms. */
  readonly interval?: Span | undefined;
  /** The name in messages and in `context.metadata.cancelledBy`. Default: the name of the function, or "condition". */
  readonly name?: string | undefined;
}

/** The options that add sources to an operation. */
export interface SourceOptions extends Pick<ScopeOptions, "deadline" | "signal" | "token"> {
  /** One or several operating-system signals that cancel, such as `"SIGINT"`. Default: none. */
  readonly signals?: SignalName | readonly SignalName[] | undefined;
  /** A function that cancels by returning true, or an object with this function and its interval. Default: none. */
  readonly condition?: (() => boolean | PromiseLike<boolean>) | ConditionOption | undefined;
  /** Limits of the load of the machine, with the options of {@link ResourceSource}. Default: none. */
  readonly resources?: (ResourceThresholds & ResourceOptions) | undefined;
}

/** @internal */
export const sourceOptions: KnownOptions<SourceOptions> = {
  deadline: 1,
  signal: 1,
  token: 1,
  signals: 1,
  condition: 1,
  resources: 1,
};

const none: readonly CancellationSource[] = [];

/** @internal Checks the options, and creates a source for each limit in them. */
export function sourcesOf(options: SourceOptions): readonly CancellationSource[] {
  const { deadline, signal, token, signals, condition, resources } = options;
  const isPlain =
    deadline === undefined &&
    signal === undefined &&
    token === undefined &&
    signals === undefined &&
    condition === undefined &&
    resources === undefined;
  if (isPlain) return none;
  const sources: CancellationSource[] = [];
  if (token !== undefined)
    for (const one of toList(token, "options.token", requireToken)) sources.push(new TokenSource(one));
  if (signal !== undefined)
    for (const one of toList(signal, "options.signal", requireSignal))
      sources.push(new AbortSignalSource(one));
  if (deadline !== undefined) sources.push(new DeadlineSource(toEpoch(deadline, "options.deadline")));
  if (signals !== undefined) sources.push(signalSource(signals));
  if (condition !== undefined) sources.push(conditionSource(condition));
  if (resources !== undefined) sources.push(resourceSource(resources));
  return sources;
}

function signalSource(signals: SignalName | readonly SignalName[]): SignalSource {
  if (typeof signals === "string") return new SignalSource(signals);
  if (!Array.isArray(signals))
    throw invalidType("options.signals", "the name of a signal or an array of names", signals);
  if (signals.length === 0) throw outOfRange("options.signals", "not empty", signals);
  return new SignalSource(...signals);
}

const ofCondition: KnownOptions<ConditionOption> = { check: 1, interval: 1, name: 1 };

function conditionSource(condition: NonNullable<SourceOptions["condition"]>): ConditionSource {
  if (typeof condition === "function") return new ConditionSource(condition);
  if (typeof condition !== "object" || condition === null)
    throw invalidType("options.condition", "a function, or an object with check and interval", condition);
  requireKnownOptions(condition, ofCondition, "a condition", "options.condition");
  const { check, interval, name } = condition;
  requireFunction(check, "options.condition.check");
  if (interval !== undefined) toInterval(interval, "options.condition.interval");
  return new ConditionSource(check, { interval, name });
}

function resourceSource(resources: ResourceThresholds & ResourceOptions): ResourceSource {
  if (typeof resources !== "object" || resources === null)
    throw invalidType("options.resources", "an object with memory, cpu, disk or eventLoopDelay", resources);
  const { interval, path, reader, name, ...thresholds } = resources;
  return new ResourceSource(thresholds, { interval, path, reader, name });
}

import { currentOperation } from "../cancellable.ts";
import { formatSpan, type Span, toMilliseconds } from "../duration.ts";
import { sleep } from "../flow/sleep.ts";
import { currentNode } from "../scope/ambient.ts";
import { invalidType, outOfRange, requireCount, requireFunction, requireOptions } from "../usage-error.ts";

/** How a simulated connection behaves. Probabilities are between 0 and 1, and decided anew for each step. */
export interface SimulatedStreamOptions {
  /** Characters in a chunk. Default: 1. */
  readonly chunkSize?: number;
  /** Chunks of different sizes: between these two, or, with `true`, from half of `chunkSize` to twice that. */
  readonly variableSize?: true | readonly [least: number, most: number];
  /** How often each of these sizes comes, from the smallest one on; 1 for those that are not given. */
  readonly sizeWeights?: readonly number[];
  /** Before each chunk. Default: 50 ms. */
  readonly delay?: Span;
  /** What the delay may differ by, up and down. Default: 20 ms. */
  readonly jitter?: Span;
  /** Default: 0.3. */
  readonly jitterProbability?: number;
  /** That several chunks come at once. Default: 0.1. */
  readonly burstProbability?: number;
  /** Default: 3 chunks. */
  readonly burstSize?: number;
  /** That nothing comes for a while. Default: 0.05. */
  readonly stallProbability?: number;
  /** Default: 500 ms. */
  readonly stallDuration?: Span;
  /** A number from 0 to below 1, for streams that are the same every time. Default: `Math.random`. */
  readonly random?: () => number;
}

/** What a simulated stream gives. `at`: milliseconds since its first read. */
export type SimulatedStreamEvent =
  | {
      readonly type: "data";
      readonly chunk: string;
      /** How many characters have come, this chunk included. */
      readonly position: number;
      readonly isBurst: boolean;
      readonly at: number;
    }
  | { readonly type: "stall"; readonly duration: number; readonly at: number }
  | { readonly type: "complete"; readonly chunks: number; readonly at: number };

interface Plan {
  readonly sizes: readonly number[];
  readonly weights: readonly number[];
  readonly delay: number;
  readonly jitter: number;
  readonly jitterProbability: number;
  readonly burstProbability: number;
  readonly burstSize: number;
  readonly stallProbability: number;
  readonly stallDuration: number;
  readonly random: () => number;
}

/** Between the chunks of a burst, in ms. */
const burstGap = 1;

/**
 * A text as it comes over a bad network: in chunks, late, sometimes several at once, sometimes nothing for a while; at
 * last one event `complete`. It waits on the clock of whoever reads, and is cancelled with its scope. The
 * ambient operation gets a progress report for every ten chunks and for every stall.
 *
 * @throws TypeError or RangeError that names the option.
 * @example
 * ```ts
 * import { run } from "@hother/cancelable";
 * import { simulateStream, VirtualBackend } from "@hother/cancelable/testing";
 *
 * let text = "";
 * await run(
 *   async () => {
 *     for await (const event of simulateStream("an answer of a model", { chunkSize: 4 })) {
 *       if (event.type === "data") text += event.chunk;
 *     }
 *   },
 *   { backend: new VirtualBackend() },
 * );
 * console.assert(text === "an answer of a model");
 * ```
 */
export function simulateStream(
  text: string,
  options?: SimulatedStreamOptions,
): AsyncGenerator<SimulatedStreamEvent, void, undefined> {
  if (typeof text !== "string") throw invalidType("text", "a string", text);
  requireOptions(options);
  return deliver(text, toPlan(options ?? {}));
}

async function* deliver(text: string, plan: Plan): AsyncGenerator<SimulatedStreamEvent, void, undefined> {
  const { host } = currentNode();
  const begin = host.now();
  const at = (): number => host.now() - begin;
  const happens = (probability: number): boolean => plan.random() < probability;
  let position = 0;
  let chunks = 0;
  const next = (isBurst: boolean): SimulatedStreamEvent => {
    const chunk = text.slice(position, position + pick(plan));
    position += chunk.length;
    chunks++;
    if (chunks % 10 === 0) {
      const percent = (position / text.length) * 100;
      currentOperation()?.reportProgress(`Stream progress: ${percent.toFixed(1)}%`, { percent, chunks });
    }
    return { type: "data", chunk, position, isBurst, at: at() };
  };
  while (position < text.length) {
    if (happens(plan.stallProbability)) {
      const duration = plan.stallDuration;
      currentOperation()?.reportProgress(`Network stall: ${formatSpan(duration)}`, { duration });
      await sleep(duration);
      yield { type: "stall", duration, at: at() };
    }
    if (happens(plan.burstProbability)) {
      for (let i = 0; i < plan.burstSize && position < text.length; i++) {
        await sleep(burstGap);
        yield next(true);
      }
    } else {
      const shift = happens(plan.jitterProbability) ? (plan.random() * 2 - 1) * plan.jitter : 0;
      await sleep(Math.max(0, plan.delay + shift));
      yield next(false);
    }
  }
  yield { type: "complete", chunks, at: at() };
}

function pick({ sizes, weights, random }: Plan): number {
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  const found = sizes.find((_, index) => (left -= weights[index] as number) < 0);
  return found ?? (sizes.at(-1) as number); // `random` is below 1, but for rounding
}

function toPlan(options: SimulatedStreamOptions): Plan {
  const { chunkSize = 1, burstSize = 3, random = Math.random } = options;
  requireWhole(chunkSize, "options.chunkSize");
  requireWhole(burstSize, "options.burstSize");
  requireFunction(random, "options.random");
  const sizes = sizesOf(options, chunkSize);
  return {
    sizes,
    weights: weightsOf(options, sizes),
    delay: toFinite(options.delay ?? 50, "options.delay"),
    jitter: toFinite(options.jitter ?? 20, "options.jitter"),
    jitterProbability: requireProbability(options.jitterProbability ?? 0.3, "options.jitterProbability"),
    burstProbability: requireProbability(options.burstProbability ?? 0.1, "options.burstProbability"),
    burstSize,
    stallProbability: requireProbability(options.stallProbability ?? 0.05, "options.stallProbability"),
    stallDuration: toFinite(options.stallDuration ?? 500, "options.stallDuration"),
    random,
  };
}

function sizesOf({ variableSize }: SimulatedStreamOptions, chunkSize: number): number[] {
  if (variableSize === undefined) return [chunkSize];
  if (variableSize !== true && !(Array.isArray(variableSize) && variableSize.length === 2)) {
    throw invalidType("options.variableSize", "true, or the least and the most size", variableSize);
  }
  const [least, most] =
    variableSize === true ? [Math.max(1, Math.floor(chunkSize / 2)), chunkSize * 2] : variableSize;
  requireWhole(least, "options.variableSize[0]");
  requireWhole(most, "options.variableSize[1]");
  if (least > most) throw outOfRange("options.variableSize[0]", `at most the other, ${most}`, least);
  return Array.from({ length: most - least + 1 }, (_, index) => least + index);
}

function weightsOf({ sizeWeights, variableSize }: SimulatedStreamOptions, sizes: number[]): number[] {
  if (sizeWeights !== undefined && variableSize === undefined) {
    throw invalidType("options.sizeWeights", "given together with variableSize", sizeWeights);
  }
  if (sizeWeights !== undefined && !Array.isArray(sizeWeights)) {
    throw invalidType("options.sizeWeights", "an array of numbers", sizeWeights);
  }
  for (const [index, weight] of (sizeWeights ?? []).entries()) {
    if (!(typeof weight === "number" && weight >= 0 && weight < Number.POSITIVE_INFINITY))
      throw outOfRange(`options.sizeWeights[${index}]`, "a number of at least 0", weight);
  }
  const weights = sizes.map((_, index) => sizeWeights?.[index] ?? 1);
  if (weights.every((weight) => weight === 0))
    throw outOfRange("options.sizeWeights", "above 0 for one size at least", sizeWeights);
  return weights;
}

function requireWhole(value: number, argument: string): void {
  requireCount(value, argument, 1);
  if (value === Number.POSITIVE_INFINITY) throw outOfRange(argument, "finite", value);
}

function toFinite(span: Span, argument: string): number {
  const ms = toMilliseconds(span, argument);
  if (ms === Number.POSITIVE_INFINITY) throw outOfRange(argument, "finite", span);
  return ms;
}

function requireProbability(value: number, argument: string): number {
  if (typeof value !== "number") throw invalidType(argument, "a number", value);
  if (!(value >= 0 && value <= 1)) throw outOfRange(argument, "between 0 and 1", value);
  return value;
}

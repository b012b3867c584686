/* What each of many concurrent requests does, decided by a seed. */

/** When a client leaves: before its body is complete, before the head of the answer, during the answer, or not at all. */
export type Moment = "body" | "head" | "answer" | "never";

/** The plan of one request. The client sends the plan as the first line of the body. */
export interface Plan {
  readonly id: string;
  readonly moment: Moment;
  /** How long the handler works, or how long the client waits before it leaves, in ms. */
  readonly wait: number;
  /** The length of the body after the first line. */
  readonly filler: number;
  /** Whether the body is sent without its length, and the answer in parts. */
  readonly isStreamed: boolean;
  /** Whether the client breaks the connection off, or closes it in order. */
  readonly isReset: boolean;
}

/** Numbers from 0 to 1 that a seed decides. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // The generator mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

const moments: readonly Moment[] = ["body", "head", "answer"];

/** Plans for `count` requests, of which half leaves. */
export function plans(count: number, seed: number): Plan[] {
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const order = Array.from({ length: count }, (_, i) => i < count / 2);
  for (let i = count - 1; i > 0; i--) {
    const other = below(i + 1);
    [order[i], order[other]] = [order[other] === true, order[i] === true];
  }
  return order.map((leaves, i) => ({
    id: `${seed}-${i}`,
    moment: leaves ? (moments[below(moments.length)] as Moment) : "never",
    wait: below(50),
    filler: 1 + below(20_000),
    isStreamed: random() < 0.5,
    isReset: random() < 0.5,
  }));
}

/** The body of a request: the plan, and the filler. */
export const bodyOf = (plan: Plan): [firstLine: string, filler: string] => [
  `${JSON.stringify(plan)}\n`,
  "x".repeat(plan.filler),
];

/** The answer to a request that is not left. */
export const answerTo = (plan: Plan): string => `${plan.id} has sent ${plan.filler} bytes. `.repeat(3);

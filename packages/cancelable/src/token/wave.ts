/*
 * The run of one cancellation through the tree: the marking, and then the code of users. The invariants T4 to T6 of
 * `tree.ts` describe it.
 */

import { report } from "../reporter.ts";
import type { Cancellation } from "./cancellation.ts";

interface WaveNode {
  /** Calls the waiters of this marked node, and marks its children. */
  spread(wave: Wave): void;
}

interface AbortingSignal {
  readonly controller: AbortController;
  readonly cancellation: Cancellation;
}

/** The effects of one call of `cancel()`. */
export interface Wave {
  /** Marked nodes, in order. Their waiters and children are visited one node after another. */
  readonly nodes: WaveNode[];
  /** The abort signals of marked nodes. */
  readonly signals: AbortingSignal[];
  /** User code, to run after the marking and after the listeners of the signals. */
  readonly announcements: Array<() => void>;
}

let current: Wave | undefined;

/** The number of waves whose user code is running, one inside the other. */
let depth = 0;
const maxDepth = 50;
/** The waves that are too deep. */
const deferred: Wave[] = [];

/** Runs `fn` when the current wave has marked all nodes. To be called only during a wave. */
export function announce(fn: () => void): void {
  (current as Wave).announcements.push(fn);
}

/** Runs `mark` inside the current wave, or inside a new wave that is complete when this returns (T5). */
export function inWave(mark: (wave: Wave) => void): void {
  if (current !== undefined) {
    mark(current);
    return;
  }
  const wave: Wave = { nodes: [], signals: [], announcements: [] };
  current = wave;
  try {
    mark(wave);
    for (let i = 0; i < wave.nodes.length; i++) (wave.nodes[i] as WaveNode).spread(wave);
  } finally {
    current = undefined;
  }
  const { signals, announcements } = wave;
  if (signals.length === 0 && announcements.length === 0) return;
  if (signals.length > 1 || depth === maxDepth) for (const signal of signals) showAborted(signal);
  if (depth === maxDepth) {
    deferred.push(wave);
    return;
  }
  depth++;
  try {
    runUserCode(wave);
    // The array can grow meanwhile.
    if (depth === 1) for (const inner of deferred) runUserCode(inner);
  } finally {
    if (--depth === 0) deferred.length = 0;
  }
}

function runUserCode({ signals, announcements }: Wave): void {
  for (const { controller, cancellation } of signals) {
    if (Object.hasOwn(controller.signal, "aborted")) hideAborted(controller.signal);
    guarded(() => controller.abort(cancellation.error));
  }
  for (const announcement of announcements) guarded(announcement);
}

function guarded(call: () => void): void {
  try {
    call();
  } catch (error) {
    /* v8 ignore next -- @preserve hosts or polyfills whose `abort()` throws the error of a listener */
    report(error, "a cancellation callback");
  }
}

/**
 * A signal dispatches its event when it becomes aborted. Until its turn comes, properties of its own say that it is
 * aborted: a listener of another signal that starts work with this one must not start it.
 */
function showAborted({ controller: { signal }, cancellation: { error } }: AbortingSignal): void {
  const throwIfAborted = (): never => {
    throw error;
  };
  for (const [key, value] of Object.entries({ aborted: true, reason: error, throwIfAborted })) {
    Object.defineProperty(signal, key, { value, configurable: true });
  }
}

function hideAborted(signal: Partial<{ -readonly [K in keyof AbortSignal]: AbortSignal[K] }>): void {
  delete signal.aborted;
  delete signal.reason;
  delete signal.throwIfAborted;
}

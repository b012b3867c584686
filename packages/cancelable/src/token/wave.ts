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

/** A line of waiters, whose owner hands over again when an entry has left unserved. Runs no user code. */
interface Line {
  serve(): void;
}

/** The lines that entries have left, during the current wave or just now. */
const left: Line[] = [];
let isServing = false;

/** The number of waves whose user code is running, one inside the other. */
let depth = 0;
/** Blink runs at most 44 listeners of events one inside the other, those of the page included. */
const maxDepth = 25;
/** The waves that are too deep. */
const deferred: Wave[] = [];

/** Runs `fn` when the current wave has marked all nodes. To be called only during a wave. */
export function announce(fn: () => void): void {
  (current as Wave).announcements.push(fn);
}

/**
 * Serves a line that an entry has left unserved: at once, or after the marking of the current wave. An entry behind it
 * that the same wave cancels is then no longer in the line.
 */
export function serveAfterMarking(line: Line): void {
  left.push(line);
  if (current === undefined) serveLeft();
}

/** Serves one line after another, and never a line inside another one: an entry that is served can leave further lines. */
function serveLeft(): void {
  if (isServing) return;
  isServing = true;
  let served = 0;
  try {
    while (served < left.length) {
      try {
        (left[served++] as Line).serve(); // below the length
      } catch (error) {
        /* v8 ignore next -- @preserve the stack can be used up */
        report(error, "a line of waiters");
      }
    }
  } finally {
    // Also when the stack is used up: a flag that stays would stop every line for ever.
    isServing = false;
    left.splice(0, served);
  }
}

/** Runs `leave`, in which entries leave lines. No line is served before all of them have left. Runs no user code. */
export function leaveTogether(leave: () => void): void {
  if (current !== undefined || isServing) {
    leave();
    return;
  }
  isServing = true;
  try {
    leave();
  } finally {
    isServing = false;
    if (left.length > 0) serveLeft();
  }
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
    if (left.length > 0) serveLeft();
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

/*
 * Hosts without AsyncLocalStorage lose the ambient scope, and with the scope its backend, at the first `await` of a
 * body. browser/ambient.ts tells this module about scopes; on other hosts nothing is ever lost.
 */

export const lostScope = "needs the ambient scope after an await: browsers have no AsyncLocalStorage";

let entered = false;
let lost = false;
let leave: ((error: Error) => void) | undefined;

/** A new test begins. */
export function forgetScopes(): void {
  entered = lost = false;
  leave = undefined;
}

export function noteScopeEntered(): void {
  entered = true;
}

export function noteScopeMissing(): void {
  // Before its first scope a test is outside of every scope on every host.
  if (!entered) return;
  lost = true;
  if (leave === undefined) return;
  const error = new Error(lostScope);
  leave(error);
  throw error;
}

/** Whether the current test asked for its ambient scope after that was lost. */
export function isScopeLost(): boolean {
  return lost;
}

/**
 * Rejects as soon as the test asks for a lost scope, for tests of a backend: the rest of such a test would run on the
 * native backend, and would wait in vain for virtual time.
 */
export function untilScopeLost<T>(ended: Promise<T>): Promise<T> {
  const scopeLost = new Promise<never>((_resolve, reject) => {
    leave = reject;
  });
  return Promise.race([ended, scopeLost]);
}

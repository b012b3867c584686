/** Browsers have no diagnostics channel. */
export function isObserved(): boolean {
  return false;
}

export function publish(_event: object): void {}

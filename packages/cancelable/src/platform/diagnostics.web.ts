/** No `diagnostics_channel` here. */
export function isObserved(): boolean {
  return false;
}

export function publish(_event: object): void {}

/** Browsers have no diagnostics channel. */
export function channelObserver(): undefined {
  return undefined;
}

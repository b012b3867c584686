import { CapacityLimiter } from "@hother/cancelable";

export default function pLimit(options) {
  const { concurrency, rejectOnClear = false } =
    typeof options === "object" ? options : { concurrency: options };
  if (typeof rejectOnClear !== "boolean") throw new TypeError("Expected `rejectOnClear` to be a boolean");
  const limiter = new CapacityLimiter(requireConcurrency(concurrency));
  const limit = (fn, ...args) => limiter.run(() => fn(...args));
  return Object.defineProperties(limit, {
    activeCount: { get: () => limiter.borrowed },
    pendingCount: { get: () => limiter.waiting },
    concurrency: {
      get: () => limiter.total,
      set: (n) => {
        limiter.total = requireConcurrency(n);
      },
    },
    clearQueue: { value: () => limiter.rejectWaiters(AbortSignal.abort().reason) },
    map: { value: (items, fn) => Promise.all(Array.from(items, (item, index) => limit(fn, item, index))) },
  });
}
export const limitFunction = (fn, options) => {
  const limit = pLimit(options);
  return (...args) => limit(() => fn(...args));
};
function requireConcurrency(n) {
  if (!((Number.isInteger(n) || n === Infinity) && n > 0))
    throw new TypeError("Expected `concurrency` to be a number from 1 and up");
  return n;
}

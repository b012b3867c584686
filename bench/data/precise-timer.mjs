/**
 * Calls `fn` after `ms`. Timers are too coarse for the last millisecond.
 *
 * @param {number} ms
 * @param {() => void} fn
 */
export function after(ms, fn) {
  const due = performance.now() + ms;
  const look = () => {
    if (performance.now() >= due) fn();
    else setImmediate(look);
  };
  if (ms > 2) setTimeout(look, ms - 1);
  else look();
}

/** Waits for `work` until `signal` is aborted, and then rejects with `failure()`. The work runs on, and its end is ignored. */
export function untilAborted<T>(
  work: PromiseLike<T>,
  signal: AbortSignal,
  failure: () => unknown,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cut = (): void => reject(failure());
    if (signal.aborted) cut();
    else signal.addEventListener("abort", cut, { once: true });
    const end = (): void => signal.removeEventListener("abort", cut);
    work.then(
      (value) => {
        end();
        resolve(value);
      },
      (error) => {
        end();
        reject(error);
      },
    );
  });
}

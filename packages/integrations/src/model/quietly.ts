import { isCancellation } from "@hother/cancelable";

/** A promise whose rejection by a cancellation does not end the process when no code waits for it. */
export function quietly<T>(work: Promise<T>): Promise<T> {
  const quiet = work.catch((error: unknown) => {
    if (isCancellation(error)) quiet.then(undefined, () => {});
    throw error;
  });
  return quiet;
}

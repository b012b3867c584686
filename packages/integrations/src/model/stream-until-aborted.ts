/** The code that is called by {@link streamUntilAborted}. */
export interface StreamListener<T> {
  /** Gets each part before its reader. */
  onPart?(part: T): void;
  /** Called when the stream has ended in any way: whole, failed, aborted, or left by its reader. */
  onEnd?(): void;
}

/**
 * Passes a stream on until `signal` is aborted, and then fails with `failure()`. The source is cancelled then, because it may
 * not follow the signal.
 */
export function streamUntilAborted<T>(
  source: ReadableStream<T>,
  signal: AbortSignal,
  failure: () => unknown,
  { onPart, onEnd }: StreamListener<T>,
): ReadableStream<T> {
  const reader = source.getReader();
  let cut!: () => void;
  const end = (): void => {
    signal.removeEventListener("abort", cut);
    onEnd?.();
  };
  return new ReadableStream<T>(
    {
      start(controller) {
        cut = () => {
          controller.error(failure());
          end();
          reader.cancel(signal.reason).then(undefined, () => {});
        };
        if (signal.aborted) cut();
        else signal.addEventListener("abort", cut, { once: true });
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (signal.aborted) return;
          if (!done) {
            onPart?.(value);
            return controller.enqueue(value);
          }
          end();
          controller.close();
        } catch (error) {
          if (signal.aborted) return;
          end();
          throw error;
        }
      },
      cancel(reason) {
        end();
        return reader.cancel(reason);
      },
    },
    // Nothing is read before the reader asks.
    { highWaterMark: 0 },
  );
}

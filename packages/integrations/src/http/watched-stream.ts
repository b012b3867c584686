/**
 * Passes a web stream on, and calls `ended` once when the stream has ended, has failed or was cancelled. `translate` gives
 * the error that the reader gets for an error of the source.
 */
export function watchStream<T>(
  source: ReadableStream<T>,
  ended: () => void,
  translate: (error: unknown) => unknown,
): ReadableStream<T> {
  const reader = source.getReader();
  return new ReadableStream<T>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          ended();
          controller.close();
        } catch (error) {
          ended();
          throw translate(error);
        }
      },
      cancel(reason) {
        ended();
        return reader.cancel(reason);
      },
    },
    // Nothing is read before the reader asks.
    { highWaterMark: 0 },
  );
}

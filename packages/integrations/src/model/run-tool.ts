import { Cancellable } from "@hother/cancelable";

/**
 * Runs the code of a tool as an operation below the ambient scope: with the name of the tool, cancelled with the scope or
 * with `own`, and waited for by the scope.
 */
export function runTool<T>(
  name: string,
  id: string | undefined,
  own: AbortSignal | null | undefined,
  body: (signal: AbortSignal) => T | PromiseLike<T>,
): Promise<T> {
  const operation = new Cancellable({
    name,
    ...(id !== undefined && { metadata: { toolCallId: id } }),
    ...(own && { signal: own }),
  });
  return operation.run(() => body(operation.signal));
}

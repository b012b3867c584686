import { keepRecord } from "./partial-answer.ts";
import type { SdkCall } from "./sdk-call.ts";

/** The members of a `Stream` of the clients that are used. */
export interface SdkStream<Chunk> extends AsyncIterable<Chunk> {
  readonly controller: AbortController;
}

type StreamClass<Chunk> = new (
  iterator: () => AsyncIterator<Chunk>,
  controller: AbortController,
) => SdkStream<Chunk>;

/**
 * The stream of an answer that throws the error of its call when the scope stops it. The stream of the client ends
 * without an error then, like a whole answer.
 *
 * @param add Adds a part of the answer to the record of the call.
 */
export function followStream<Chunk>(
  stream: SdkStream<Chunk>,
  call: SdkCall,
  add: (chunk: Chunk) => void,
): SdkStream<Chunk> {
  const { controller } = stream;
  call.isRead = true;
  // The class of the stream is that of the client, whose other methods read through its iterator.
  const followed = new (stream.constructor as StreamClass<Chunk>)(
    () => followIterator(stream[Symbol.asyncIterator](), call, controller, add),
    controller,
  );
  keepRecord(followed, call.record);
  return followed;
}

function followIterator<Chunk>(
  source: AsyncIterator<Chunk>,
  call: SdkCall,
  controller: AbortController,
  add: (chunk: Chunk) => void,
): AsyncIterator<Chunk> {
  let isOver = false;
  const end = (): IteratorResult<Chunk> => {
    isOver = true;
    call.end();
    return { done: true, value: undefined };
  };
  const stop = (): never => {
    end();
    // The source waits for the body, which is aborted.
    source.return?.().then(undefined, () => {});
    throw call.failure();
  };
  return {
    async next() {
      if (isOver) return { done: true, value: undefined };
      if (call.isCancelled) return stop();
      let result: IteratorResult<Chunk>;
      try {
        // A signal of the user ends the stream of the client without an error.
        const next = source.next();
        result = await (call.signal.aborted ? next : untilCancelled(next, call));
      } catch (error) {
        if (call.isCancelled) return stop();
        end();
        throw error;
      }
      if (call.isCancelled) return stop();
      if (result.done !== true) {
        add(result.value);
        return result;
      }
      if (!controller.signal.aborted) call.record.complete();
      return end();
    },
    async return() {
      end();
      await source.return?.();
      return { done: true, value: undefined };
    },
  };
}

/** Waits for a part, until the scope is cancelled. A signal of the user is left to the client. */
async function untilCancelled<T>(next: Promise<T>, call: SdkCall): Promise<T> {
  return call.during(next).catch((error: unknown) => {
    if (call.signal.aborted && !call.isCancelled) return next;
    throw error;
  });
}

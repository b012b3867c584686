// Types of streams: the items of sources, options and partial results.
import type { Readable } from "node:stream";
import {
  type Cancellable,
  type CancellableStream,
  cancellableStream,
  cancellableTransform,
  chunk,
  merge,
} from "@hother/cancelable";
import { expectTypeOf } from "vitest";

async function* numbers(): AsyncGenerator<number> {
  yield 1;
}

export async function items(op: Cancellable, web: ReadableStream<boolean>, node: Readable): Promise<void> {
  expectTypeOf(cancellableStream(numbers())).toEqualTypeOf<CancellableStream<number>>();
  expectTypeOf(op.stream(web)).toEqualTypeOf<CancellableStream<boolean>>();
  for await (const item of cancellableStream(["a", "b"])) expectTypeOf(item).toEqualTypeOf<string>();
  for await (const item of cancellableStream(node)) expectTypeOf(item).toBeAny();
  for await (const some of chunk(numbers(), 5)) expectTypeOf(some).toEqualTypeOf<number[]>();
  for await (const item of merge(numbers(), ["a"], web))
    expectTypeOf(item).toEqualTypeOf<number | string | boolean>();
}

export function results(): void {
  const stream = cancellableStream(numbers(), { timeout: 5, bufferPartial: true });
  expectTypeOf(stream.operation).toEqualTypeOf<Cancellable>();
  expectTypeOf(stream.partialResult.count).toEqualTypeOf<number>();
  expectTypeOf(stream.partialResult.items).toExtend<readonly number[] | undefined>();
  const transform = cancellableTransform<string>({ timeout: 5 });
  expectTypeOf(transform.readable).toEqualTypeOf<ReadableStream<string>>();
}

export function refused(op: Cancellable): void {
  // @ts-expect-error: a number is no source
  cancellableStream(5);
  // @ts-expect-error: an unknown option
  cancellableStream(numbers(), { idle: 5 });
  // @ts-expect-error: the callback takes items of the source
  cancellableStream(numbers(), { onProgress: (_count: number, item: string) => item });
  // @ts-expect-error: the size is missing
  chunk(numbers());
  // @ts-expect-error: the stream of a running operation has no timeout of its own
  op.stream(numbers(), { timeout: 5 });
}

import { expect, test } from "vitest";
import { Cancellable, moveOnAfter } from "../../src/index.ts";
import { createSlowStream, VirtualBackend } from "../../src/testing/index.ts";
import { describeEverywhere, rejection } from "../backends.ts";

describeEverywhere("createSlowStream", (everywhere) => {
  everywhere("every item comes in order, each after the interval (PAR-TST-05)", async (t) => {
    const seen: number[] = [];
    for await (const item of createSlowStream([1, 2, 3], { milliseconds: 5 })) seen.push(item);
    expect(seen).toEqual([1, 2, 3]);
    t.expectElapsed(15);
  });

  everywhere("a timeout ends the stream after the items that fit into it (PAR-TST-05)", async (t) => {
    const seen: string[] = [];
    await moveOnAfter(100, async () => {
      for await (const item of createSlowStream("abc", 40)) seen.push(item);
    });
    if (t.backend instanceof VirtualBackend) expect(seen).toEqual(["a", "b"]);
    else expect(seen.length).toBeLessThan(3);
    t.expectElapsed(100);
  });

  everywhere("the reader's cancellation rejects the read and closes the source", async () => {
    let closed = 0;
    function* source(): Generator<number> {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        closed++;
      }
    }
    const op = new Cancellable();
    const error = await rejection(
      op.run(async () => {
        for await (const item of createSlowStream(source(), 1))
          if (item === 2) op.cancel("shutdown", "enough");
      }),
    );
    expect(error).toBe(op.error);
    expect(error).toMatchObject({ reason: "shutdown", message: "enough" });
    expect(closed).toBe(1);
  });

  everywhere("asynchronous sources are accepted, and no item is read ahead", async () => {
    const read: number[] = [];
    async function* source(): AsyncGenerator<number> {
      for (let i = 0; ; i++) {
        read.push(i);
        yield i;
      }
    }
    const stream = createSlowStream(source(), 1);
    expect(read).toEqual([]);
    expect(await stream.next()).toEqual({ done: false, value: 0 });
    expect(read).toEqual([0]);
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(read).toEqual([0]);
  });
});

test("a source that is not iterable and an interval that is not positive are refused at the call", () => {
  expect(() => createSlowStream(5 as never, 1)).toThrow(TypeError);
  expect(() => createSlowStream(null as never, 1)).toThrow(TypeError);
  for (const interval of [0, -1, null]) expect(() => createSlowStream([], interval)).toThrow(RangeError);
});

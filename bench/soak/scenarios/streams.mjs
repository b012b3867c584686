/** Streams of every kind, cancelled midway. Each source is closed once and then delivers no items. */
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import {
  Cancellable,
  CancellationToken,
  cancellableStream,
  cancellableTransform,
  chunk,
  isCancellation,
  merge,
  sleep,
} from "@hother/cancelable";

/** @import { Scenario, World } from "../types.mjs" */

const times = 15;
let [opened, closed] = [0, 0];

/** Endless numbers, with a pause before each `silence`-th number. @param {number} silence */
async function* numbers(silence) {
  opened += 1;
  try {
    for (let n = 0; ; n += 1) {
      if (n % silence === 0) await sleep(1);
      yield n;
    }
  } finally {
    closed += 1;
  }
}

function nodeStream() {
  let n = 0;
  opened += 1;
  return new Readable({
    objectMode: true,
    read() {
      setImmediate(() => this.push((n += 1)));
    },
    destroy(_, done) {
      closed += 1;
      done(null);
    },
  });
}

function webStream() {
  opened += 1;
  return new ReadableStream({
    pull: (controller) => sleep(0).then(() => controller.enqueue("item")),
    cancel: () => void (closed += 1),
  });
}

const inputs = [() => numbers(5), () => numbers(1), nodeStream, webStream];

const kinds = [
  async function byToken(/** @type {World} */ { random }) {
    const token = new CancellationToken();
    const stream = cancellableStream(random.pick(inputs)(), { token, bufferPartial: 5, timeout: 60_000 });
    const last = random.integer(1, 20);
    let seen = 0;
    const error = await (async () => {
      for await (const _ of stream) {
        seen += 1;
        if (seen === last) token.cancel();
      }
    })().catch((thrown) => thrown);
    assert.ok(isCancellation(error, stream.operation));
    assert.equal(seen, last);
    assert.equal(stream.partialResult.count, last);
  },
  async function bySignal(/** @type {World} */ { random, signal }) {
    const stream = cancellableStream(random.pick(inputs)(), { signal, timeout: random.integer(1, 5) });
    const error = await (async () => {
      for await (const _ of stream);
    })().catch((thrown) => thrown);
    assert.equal(error.reason, "timeout");
  },
  async function inOperation(/** @type {World} */ { random }) {
    const outcome = await Cancellable.withTimeout(random.integer(1, 5)).settle(async (op) => {
      for await (const _ of op.stream(random.pick(inputs)(), { reportEvery: 3 }));
    });
    assert.equal(outcome.status, "cancelled");
  },
  async function merged(/** @type {World} */ { random }) {
    let left = random.integer(1, 30);
    for await (const _ of merge(numbers(3), numbers(1), webStream(), nodeStream())) {
      left -= 1;
      if (left === 0) break;
    }
    assert.equal(left, 0);
  },
  async function chunked(/** @type {World} */ { random }) {
    const outcome = await Cancellable.withTimeout(3).settle(async () => {
      for await (const items of chunk(random.pick(inputs)(), 4)) assert.equal(items.length, 4);
    });
    assert.equal(outcome.status, "cancelled");
  },
  async function piped() {
    const limited = cancellableTransform({ timeout: 3 });
    const error = await webStream()
      .pipeThrough(limited)
      .pipeTo(new WritableStream())
      .catch((thrown) => thrown);
    assert.equal(error, limited.operation.error);
  },
];

/** @type {Scenario} */
export default {
  name: "streams",
  async round(world) {
    const all = world.random.shuffle(kinds.flatMap((kind) => Array.from({ length: times }, () => kind)));
    await Promise.all(all.map((kind) => kind(world)));
    assert.equal(closed, opened, "closed sources, of all opened sources");
    return all.length;
  },
};

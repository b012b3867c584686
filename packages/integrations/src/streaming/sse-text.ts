import { moveOnAfter, type Span, waitFor } from "@hother/cancelable";
import {
  invalidType,
  type KnownOptions,
  outOfRange,
  requireKnownOptions,
  requireText,
  toInterval,
  toMilliseconds,
} from "@hother/cancelable/extending";

/** A server-sent event. */
export interface SseEvent {
  /** The text, of one or several lines. A client gets no event without it; `id` and `retry` count all the same. */
  readonly data?: string | undefined;
  /** The name of the event, without a line break. Default: the client takes it for `message`. */
  readonly event?: string | undefined;
  /** The client sends the last one as `Last-Event-ID` when it connects again. Without a line break and NUL. */
  readonly id?: string | undefined;
  /** How long the client waits before it connects again. Milliseconds, or a `Duration`; a part of a millisecond is dropped. */
  readonly retry?: Span | undefined;
}

/** The options of server-sent events. */
export interface SseOptions {
  /** After so much silence a comment is sent, which keeps proxies from closing the connection. Default: none. */
  readonly heartbeat?: Span | undefined;
}

const knownEvent: KnownOptions<SseEvent> = { data: 1, event: 1, id: 1, retry: 1 };
const knownOptions: KnownOptions<SseOptions> = { heartbeat: 1 };

/** A comment, which clients ignore. */
const comment = ":\n\n";

/** Writes an event in the format of the HTML standard. */
export function sseText(event: SseEvent): string {
  requireKnownOptions(event, knownEvent, "a server-sent event", "an event");
  const { data, event: name, id, retry }: SseEvent = event;
  let text = "";
  if (name !== undefined) text += `event: ${line(name, "event.event", /[\r\n]/)}\n`;
  if (id !== undefined) text += `id: ${line(id, "event.id", /[\r\n\0]/)}\n`;
  if (retry !== undefined) text += `retry: ${whole(toMilliseconds(retry, "event.retry"), retry)}\n`;
  if (data !== undefined) {
    requireText(data, "event.data");
    for (const part of data.split(/\r\n|\r|\n/)) text += `data: ${part}\n`;
  }
  return `${text}\n`;
}

function line(value: unknown, argument: string, forbidden: RegExp): string {
  requireText(value, argument);
  const text = value as string; // checked above
  // A line break would begin another field, which the sender did not write.
  if (forbidden.test(text)) throw outOfRange(argument, "text without line breaks and NUL", text);
  return text;
}

function whole(ms: number, retry: Span): number {
  if (!(ms >= 0 && ms < Number.POSITIVE_INFINITY))
    throw outOfRange("event.retry", "a finite time span that is not negative", retry);
  return Math.floor(ms);
}

/**
 * The text of events. A comment goes first, because some hosts send the head of an answer together with its first bytes. Another
 * comment follows after each time of silence.
 */
export class SseText implements AsyncIterable<string>, AsyncIterator<string> {
  readonly #events: AsyncIterable<SseEvent>;
  #iterator: AsyncIterator<SseEvent> | undefined = undefined;
  readonly #heartbeat: number | undefined;
  #hasBegun = false;
  /** A read that a heart-beat did not wait for. */
  #pending: Promise<IteratorResult<SseEvent>> | undefined = undefined;

  constructor(events: AsyncIterable<SseEvent>, options: SseOptions | undefined, of: string) {
    if (typeof (events as AsyncIterable<SseEvent> | undefined)?.[Symbol.asyncIterator] !== "function")
      throw invalidType("events", "an AsyncIterable, such as an async generator", events);
    requireKnownOptions(options, knownOptions, of);
    this.#events = events;
    const heartbeat = options?.heartbeat;
    this.#heartbeat = heartbeat === undefined ? undefined : toInterval(heartbeat, "options.heartbeat");
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string>> {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      return { done: false, value: comment };
    }
    this.#iterator ??= this.#events[Symbol.asyncIterator]();
    this.#pending ??= this.#iterator.next();
    const pending = this.#pending;
    const result =
      this.#heartbeat === undefined
        ? await pending
        : await moveOnAfter(this.#heartbeat, () => waitFor(pending));
    if (result === undefined) return { done: false, value: comment };
    this.#pending = undefined;
    return result.done === true
      ? { done: true, value: undefined }
      : { done: false, value: sseText(result.value) };
  }

  async return(): Promise<IteratorResult<string>> {
    this.#pending?.catch(ignore); // the promise has no reader any more
    await this.#iterator?.return?.();
    return { done: true, value: undefined };
  }
}

function ignore(): void {}

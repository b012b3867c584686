import type { BodyParser } from "./body-stream.ts";
import { ItemTooLongError } from "./item-too-long.ts";
import { LineSplitter } from "./line-splitter.ts";

/** An event of a server. */
export interface ServerSentEvent {
  /** The type of the event: `"message"` unless the server named one. */
  readonly event: string;
  /** The data. Several lines are joined by `\n`. */
  readonly data: string;
  /** The id that the server sent last, with this event or before: the `last-event-id` of a new connection. Else `""`. */
  readonly id: string;
  /** The time that the server wants a client to wait before a new connection, in ms: the one that it sent last. */
  readonly retry: number | undefined;
}

/** Parses an event stream: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class EventParser implements BodyParser<ServerSentEvent> {
  readonly #lines: LineSplitter;
  readonly #maxLength: number;
  #event = "";
  #data: string[] = [];
  /** The number of characters of the data, with the separators. */
  #length = 0;
  #id = "";
  #retry: number | undefined;

  constructor(maxLength: number) {
    this.#lines = new LineSplitter(maxLength, true);
    this.#maxLength = maxLength;
  }

  *push(text: string): Generator<ServerSentEvent, undefined, undefined> {
    for (const line of this.#lines.push(text)) {
      if (line !== "") this.#take(line);
      else {
        const event = this.#dispatch();
        if (event !== undefined) yield event;
      }
    }
    return undefined;
  }

  /** An event ends with an empty line. */
  end(): [] {
    return [];
  }

  #take(line: string): void {
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    // A comment has an empty field, and an unknown field is ignored.
    if (field === "data") this.#addData(value);
    else if (field === "event") this.#event = value;
    else if (field === "id") {
      if (!value.includes("\0")) this.#id = value;
    } else if (field === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
  }

  #addData(value: string): void {
    this.#length += value.length + (this.#data.length > 0 ? 1 : 0);
    if (this.#length > this.#maxLength) throw new ItemTooLongError("event", this.#maxLength);
    this.#data.push(value);
  }

  #dispatch(): ServerSentEvent | undefined {
    const [event, data] = [this.#event, this.#data];
    this.#event = "";
    this.#data = [];
    this.#length = 0;
    if (data.length === 0) return undefined;
    return {
      event: event === "" ? "message" : event,
      data: data.join("\n"),
      id: this.#id,
      retry: this.#retry,
    };
  }
}

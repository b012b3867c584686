import { invalidType } from "@hother/cancelable/extending";

/** The tokens that were counted so far. A number that the provider has not sent is undefined. */
export interface AnswerUsage {
  readonly inputTokens: number | undefined;
  readonly outputTokens: number | undefined;
}

/** A call of a tool that the model has asked for. */
export interface PartialToolCall {
  readonly id: string | undefined;
  readonly name: string;
  /** The JSON text of the arguments so far. */
  readonly arguments: string;
  /** Whether `arguments` is whole. */
  readonly completed: boolean;
}

/** The part of an answer of a model that has arrived. The same for every client of a model. */
export interface PartialAnswer {
  /** The text of all steps, in their order. Of several choices, the text of the first. */
  readonly text: string;
  /** The reasoning of the model, where the provider sends it. */
  readonly reasoning: string;
  readonly toolCalls: readonly PartialToolCall[];
  /** The sum over all requests of the answer. Undefined if the provider has sent no numbers. */
  readonly usage: AnswerUsage | undefined;
  /** The reason that the model gave for its end. Undefined while the answer goes on, and for an answer that was stopped. */
  readonly finishReason: string | undefined;
  /** Whether the answer came to its end. */
  readonly completed: boolean;
}

interface ToolCallState {
  id: string | undefined;
  name: string;
  arguments: string;
  completed: boolean;
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

/** The state of one answer, which can take several requests. */
export class AnswerRecord {
  #text = "";
  #reasoning = "";
  #usage: AnswerUsage | undefined;
  /** The usage of the request that is open. */
  #open: AnswerUsage | undefined;
  #finishReason: string | undefined;
  #completed = false;
  #isStopped = false;
  readonly #toolCalls: ToolCallState[] = [];
  /** The tool calls of the open request. */
  #byKey = new Map<string | number, ToolCallState>();

  /** Begins the next request of this answer. */
  beginRequest(): void {
    this.#usage = this.#total();
    this.#open = undefined;
    this.#byKey = new Map();
    if (this.#isStopped) return;
    this.#finishReason = undefined;
    this.#completed = false;
  }

  addText(text: string): void {
    this.#text += text;
  }

  addReasoning(text: string): void {
    this.#reasoning += text;
  }

  /** The tool call with this key in the open request. It begins with the first part of it. */
  toolCall(key: string | number): ToolCallState {
    let call = this.#byKey.get(key);
    if (call === undefined) {
      call = { id: undefined, name: "", arguments: "", completed: false };
      this.#byKey.set(key, call);
      this.#toolCalls.push(call);
    }
    return call;
  }

  /** Adds to the arguments of a tool call that has begun. */
  addArguments(key: string | number, text: string): void {
    const call = this.#byKey.get(key);
    if (call !== undefined) call.arguments += text;
  }

  /** Takes the arguments of a tool call as whole, if there is one with this key. */
  endToolCall(key: string | number): void {
    const call = this.#byKey.get(key);
    if (call !== undefined) call.completed = true;
  }

  /** Takes the arguments of all tool calls as whole. */
  endToolCalls(): void {
    for (const call of this.#toolCalls) call.completed = true;
  }

  /** Sets the usage of the open request. A number that is left out stays. */
  setUsage(inputTokens: number | undefined, outputTokens: number | undefined): void {
    if (inputTokens === undefined && outputTokens === undefined) return;
    this.#open = {
      inputTokens: inputTokens ?? this.#open?.inputTokens,
      outputTokens: outputTokens ?? this.#open?.outputTokens,
    };
  }

  finish(reason: string | undefined): void {
    if (!this.#isStopped) this.#finishReason = reason;
  }

  complete(): void {
    if (!this.#isStopped) this.#completed = true;
  }

  /** The answer was cut off: it has no end, also where its latest request had one. */
  stop(): void {
    this.#isStopped = true;
    this.#finishReason = undefined;
    this.#completed = false;
  }

  #total(): AnswerUsage | undefined {
    const [before, open] = [this.#usage, this.#open];
    if (before === undefined || open === undefined) return before ?? open;
    return {
      inputTokens: sum(before.inputTokens, open.inputTokens),
      outputTokens: sum(before.outputTokens, open.outputTokens),
    };
  }

  snapshot(): PartialAnswer {
    return {
      text: this.#text,
      reasoning: this.#reasoning,
      toolCalls: this.#toolCalls.map((call) => ({ ...call })),
      usage: this.#total(),
      finishReason: this.#finishReason,
      completed: this.#completed,
    };
  }
}

const records = new WeakMap<object, AnswerRecord>();

/** Makes `partialAnswer(handle)` return the state of `record`. */
export function keepRecord(handle: object, record: AnswerRecord): void {
  records.set(handle, record);
}

/**
 * The part of an answer that has arrived: while it arrives, after its end, and after a cancellation. The text and the usage
 * so far are kept with the object that the client gave you, because the error of a cancellation belongs to the scope and can
 * be the error of several answers.
 *
 * @param answer The stream or the result that a cancellable client of a model has returned.
 * @returns A copy of the state of now.
 * @throws TypeError for another value.
 */
export function partialAnswer(answer: object): PartialAnswer {
  const record = typeof answer === "object" && answer !== null ? records.get(answer) : undefined;
  if (record === undefined)
    throw invalidType(
      "answer",
      "a stream or a result of a client that was made cancellable, and not a copy of it",
      answer,
    );
  return record.snapshot();
}

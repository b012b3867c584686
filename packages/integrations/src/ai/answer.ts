import { type AmbientScope, bind, cancellationOf, currentScope } from "@hother/cancelable";
import { type RequestSignal, requestSignal } from "../http/request-signal.ts";
import { AnswerRecord } from "../model/partial-answer.ts";
import { untilAborted } from "../model/until-aborted.ts";
import { guardModel } from "./guarded-model.ts";
import { guardTools } from "./guarded-tools.ts";

/** The options of the functions of the AI SDK that are read. */
export interface AiOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly model?: unknown;
  readonly tools?: unknown;
  readonly prepareStep?: unknown;
  readonly [key: string]: unknown;
}

/** Finds the model of a name, as the AI SDK does. */
export type FindModel = (id: string) => unknown;

/** One call of a function of the AI SDK, with all of its steps and tools. */
export class Answer {
  readonly #link: RequestSignal;
  readonly #scope: AmbientScope = currentScope();
  /** Calls a function in the scope of the call. The SDK runs tools in the context of the code that reads the answer. */
  readonly #inScope: <T>(fn: () => T) => T = bind((fn) => fn());
  readonly #running = new Set<Promise<unknown>>();
  readonly record: AnswerRecord = new AnswerRecord();
  #isOver = false;

  constructor(own: AbortSignal | undefined, what: string) {
    this.#link = requestSignal(own, what);
    // A stream without a reader ends with its operation.
    this.#link.ownBody();
  }

  get signal(): AbortSignal {
    return this.#link.signal;
  }

  /** Whether the scope has cut the answer off. */
  get isStopped(): boolean {
    return this.#link.isCancelled;
  }

  /** The error of the scope for a reader: also where the answer has ended, and parts of it wait. */
  get cancellation(): unknown {
    return this.isStopped ? this.#link.signal.reason : this.#scope.error;
  }

  /** The options with which the SDK is called. */
  guard(options: AiOptions, find: FindModel): AiOptions {
    const { model, tools, prepareStep } = options;
    const guarded: Record<string, unknown> = { ...options, abortSignal: this.signal };
    if (model !== undefined) guarded.model = this.#guardModel(model, find);
    if (tools !== undefined) guarded.tools = guardTools(tools, this.#inScope, this.#running);
    if (typeof prepareStep === "function")
      guarded.prepareStep = async (...args: unknown[]) => {
        const step = (await prepareStep(...args)) as AiOptions | undefined;
        return step?.model === undefined ? step : { ...step, model: this.#guardModel(step.model, find) };
      };
    return guarded;
  }

  #guardModel(model: unknown, find: FindModel): unknown {
    const found = typeof model === "string" ? (find(model) ?? model) : model;
    return typeof found === "object" && found !== null ? guardModel(found, this.record) : found;
  }

  /** Waits for a part of the answer, and for the tools when the scope cuts it off. */
  async during<T>(work: PromiseLike<T>): Promise<T> {
    let value: T;
    try {
      value = await untilAborted(work, this.signal, () => this.signal.reason).catch((error: unknown) => {
        if (this.signal.aborted && !this.isStopped) return work; // a signal of the user is left to the SDK
        throw error;
      });
    } catch (error) {
      throw await this.failure(error);
    }
    if (this.isStopped) throw await this.failure(this.cancellation);
    return value;
  }

  /** The error for the caller, when the tools have ended. A failure that is no cancellation stays. */
  async failure(error: unknown): Promise<unknown> {
    if (!this.isStopped) return error;
    await Promise.allSettled(this.#running);
    const { name } = (error ?? {}) as { readonly name?: unknown };
    return name === "AbortError" || cancellationOf(error) !== undefined ? this.signal.reason : error;
  }

  /** Ends the following. Nothing stops the answer after it. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.isStopped) this.record.stop();
    this.#link[Symbol.dispose]();
  }
}

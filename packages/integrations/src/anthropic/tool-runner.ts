import { currentScope, isCancellation } from "@hother/cancelable";
import { AnswerRecord, keepRecord } from "../model/partial-answer.ts";
import { runTool } from "../model/run-tool.ts";
import { addAnswer } from "./record.ts";
import { followTurn, isHelper } from "./turn.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** The members of a tool runner that are used. */
export interface ToolRunner {
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
  done(): Promise<unknown>;
  addTools?(...tools: unknown[]): void;
}

interface ToolContext {
  readonly toolUse?: { readonly id?: string };
  readonly signal?: AbortSignal | null;
}

/**
 * Makes a tool runner end with the error of the scope, once, when its tools have ended. Its tools run as operations.
 *
 * @param make Makes the runner from its parameters and its options.
 * @param isAbort Whether an error is that of the client for an abort.
 */
export function followRunner(
  make: (body: unknown, options: unknown) => ToolRunner,
  [body, options]: unknown[],
  isAbort: (error: unknown) => boolean,
): ToolRunner {
  const scope = currentScope();
  const record = new AnswerRecord();
  const running = new Set<Promise<unknown>>();
  const asOperation = (tool: unknown): unknown => withOperation(tool, running);
  const { tools } = (body ?? {}) as { readonly tools?: unknown };
  const own = Array.isArray(tools) ? { ...(body as object), tools: tools.map(asOperation) } : body;
  const runner = make(own, options);
  keepRecord(runner, record);

  /** The error of a runner that was cut off. Another failure stays. */
  const toError = (error: unknown): unknown => {
    if (scope.error === undefined || !(isAbort(error) || isCancellation(error, scope))) return error;
    record.stop();
    return scope.error;
  };
  const iterate = runner[Symbol.asyncIterator];
  runner[Symbol.asyncIterator] = () => {
    const source = iterate.call(runner);
    return {
      async next() {
        try {
          const result = await source.next();
          if (result.done !== true) recordTurn(result.value, record);
          return result;
        } catch (error) {
          await Promise.allSettled(running);
          throw toError(error);
        }
      },
      async return(value) {
        return (await source.return?.(value)) ?? { done: true, value };
      },
    };
  };
  const { done, addTools } = runner;
  runner.done = () =>
    done.call(runner).catch((error: unknown) => {
      throw toError(error);
    });
  if (addTools !== undefined) runner.addTools = (...more) => addTools.apply(runner, more.map(asOperation));
  return runner;
}

/** Adds a turn to the record: a helper with events, or the promise of a message. */
function recordTurn(turn: unknown, record: AnswerRecord): void {
  record.beginRequest();
  if (isHelper(turn)) followTurn(turn, record);
  // The runner tells of a failure.
  else
    Promise.resolve(turn).then(
      (message) => addAnswer(record, message),
      () => {},
    );
}

/** A copy of a tool whose `run` is an operation. A tool without `run`, such as one of the server, stays. */
function withOperation(tool: unknown, running: Set<Promise<unknown>>): unknown {
  const { run, name } = (tool ?? {}) as { readonly run?: unknown; readonly name?: string };
  if (typeof run !== "function") return tool;
  return {
    ...(tool as object),
    run: (input: unknown, context: ToolContext = {}) => {
      const { toolUse, signal: own } = context;
      const work = runTool(name ?? "a tool", toolUse?.id, own, (signal) =>
        (run as Method).call(tool, input, { ...context, signal }),
      );
      running.add(work);
      const end = (): void => void running.delete(work);
      work.then(end, end);
      return work;
    },
  };
}

import { Cancellable } from "@hother/cancelable";
import { runTool } from "../model/run-tool.ts";

interface ToolOptions {
  readonly toolCallId?: string;
  readonly abortSignal?: AbortSignal | undefined;
}

type Execute = (input: unknown, options: ToolOptions) => unknown;
type InScope = <T>(fn: () => T) => T;

/** The tools of a call. Each run of `execute` is an operation; `running` has those that run. */
export function guardTools(tools: unknown, inScope: InScope, running: Set<Promise<unknown>>): unknown {
  if (typeof tools !== "object" || tools === null) return tools;
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => [name, guardTool(name, tool, inScope, running)]),
  );
}

function guardTool(name: string, tool: unknown, inScope: InScope, running: Set<Promise<unknown>>): unknown {
  const { execute } = (tool ?? {}) as { readonly execute?: unknown };
  if (typeof execute !== "function") return tool;
  const run = execute.bind(tool) as Execute;
  const begin = isGenerator(execute) ? runGenerator : runFunction;
  const guarded: Execute = (input, options) => inScope(() => begin(name, run, input, options, running));
  return Object.defineProperties({} as object, {
    ...Object.getOwnPropertyDescriptors(tool as object),
    execute: { value: guarded, enumerable: true, configurable: true, writable: true },
  });
}

function isGenerator(fn: object): boolean {
  return (fn as { readonly [Symbol.toStringTag]?: string })[Symbol.toStringTag] === "AsyncGeneratorFunction";
}

function track(work: Promise<unknown>, running: Set<Promise<unknown>>): void {
  running.add(work);
  const end = (): void => void running.delete(work);
  work.then(end, end);
}

function runFunction(
  name: string,
  run: Execute,
  input: unknown,
  options: ToolOptions,
  running: Set<Promise<unknown>>,
): Promise<unknown> {
  const work = runTool(name, options.toolCallId, options.abortSignal, async (abortSignal) => {
    const output = await run(input, { ...options, abortSignal });
    if (typeof (output as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === "function")
      throw new TypeError(
        `the execute of tool ${JSON.stringify(name)} must be an async generator function to give out several results`,
      );
    return output;
  });
  track(work, running);
  return work;
}

/** A tool with preliminary results. */
function runGenerator(
  name: string,
  run: Execute,
  input: unknown,
  options: ToolOptions,
  running: Set<Promise<unknown>>,
): AsyncIterable<unknown> {
  const { toolCallId, abortSignal: own } = options;
  const operation = new Cancellable({
    name,
    ...(toolCallId !== undefined && { metadata: { toolCallId } }),
    ...(own && { signal: own }),
  });
  const source: AsyncIterable<unknown> = {
    [Symbol.asyncIterator]: () => {
      const outputs = run(input, { ...options, abortSignal: operation.signal }) as AsyncIterable<unknown>;
      return outputs[Symbol.asyncIterator]();
    },
  };
  const ended = new Promise<void>((resolve) => {
    const ignore = (): void => {};
    operation.observe({ started: ignore, progress: ignore, cancelling: ignore, ended: () => resolve() });
  });
  track(ended, running);
  return operation.stream(source);
}

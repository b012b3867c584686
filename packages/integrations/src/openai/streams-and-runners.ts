import type OpenAI from "openai";
import { runTool } from "../model/run-tool.ts";
import { followHelper, type SdkHelper } from "../model/sdk-helper.ts";

type Method = (this: unknown, ...args: unknown[]) => unknown;

interface RunnableFunction {
  readonly name?: string;
  readonly function?: unknown;
}

interface RunnableTool {
  readonly type?: string;
  readonly function?: RunnableFunction;
}

/** Makes the streams and the runners with events of a client follow the scope of the call that makes them. */
export function followStreamsAndRunners(client: OpenAI): void {
  const { completions } = client.chat ?? {};
  replace(completions, "stream", (args) => args);
  replace(completions, "runTools", ([body, ...rest]) => [withOperations(body), ...rest]);
  replace(client.responses, "stream", (args) => args);
}

function replace(resource: object | undefined, name: string, change: (args: unknown[]) => unknown[]): void {
  const methods = (resource ?? {}) as Record<string, Method | undefined>; // a resource of the client
  const method = methods[name];
  if (method === undefined) return;
  methods[name] = (...args) =>
    followHelper(method.apply(resource, change(args)) as SdkHelper, `${name}() of OpenAI`);
}

/** The parameters of `runTools` whose tools run as operations. */
function withOperations(body: unknown): unknown {
  const { tools } = (body ?? {}) as { readonly tools?: unknown };
  if (!Array.isArray(tools)) return body;
  return { ...(body as object), tools: tools.map(asOperation) };
}

function asOperation(tool: RunnableTool): RunnableTool {
  const { $callback } = (tool ?? {}) as { readonly $callback?: unknown };
  // A tool of zodFunction() keeps its function in a property that a copy by `...` would lose.
  if (typeof $callback === "function")
    return Object.defineProperties({} as RunnableTool, {
      ...Object.getOwnPropertyDescriptors(tool),
      $callback: { value: running(tool.function?.name, $callback as Method, undefined) },
    });
  const runnable = tool?.function;
  if (typeof runnable?.function !== "function") return tool;
  const run = running(runnable.name, runnable.function as Method, runnable);
  return { ...tool, function: { ...runnable, function: run } };
}

function running(name: string | undefined, run: Method, of: unknown): Method {
  const operation = (...args: unknown[]): unknown =>
    runTool(name ?? run.name, undefined, undefined, () => run.apply(of, args));
  // The client takes the name of the function where the tool has none.
  return Object.defineProperty(operation, "name", { value: run.name });
}

import { invalidType } from "@hother/cancelable/extending";
import { type AgentClass, followAgent } from "./agent.ts";
import { type AiFunction, followPromise, followStreamObject, followStreamText } from "./followed-call.ts";

export {
  type AnswerUsage,
  type PartialAnswer,
  type PartialToolCall,
  partialAnswer,
} from "../model/partial-answer.ts";

/** The functions by which the module `ai` is recognized. */
export interface AiModule {
  readonly generateText: (...args: never[]) => unknown;
  readonly streamText: (...args: never[]) => unknown;
}

interface Provider {
  languageModel?(id: string): unknown;
}

/** The functions that ask a language model, and return a promise. */
const ofLanguage = ["generateText", "generateObject"] as const;
/** The functions that ask another model. */
const ofOthers = [
  "embed",
  "embedMany",
  "rerank",
  "generateImage",
  "experimental_generateImage",
  "experimental_generateSpeech",
  "experimental_generateVideo",
  "experimental_transcribe",
] as const;
const agents = ["ToolLoopAgent", "Experimental_Agent"] as const;

/**
 * The functions of the AI SDK, cancelled with the scope in which they are called. The module itself stays as it is.
 *
 * A call that its scope cancelled rejects with the error of the scope, and so do the promises of `streamText` (`text`, `usage`,
 * …). A loop over `textStream` throws this error; `fullStream` gives out its part `abort` before. A stream for a user interface
 * ends with its part `abort`, and `onAbort` is called. The `execute` of a tool runs as an operation with the name of the tool;
 * the answer ends when its tools have ended. {@link partialAnswer} returns the part that had arrived. In a cancelled scope no model is
 * called, and no attempt waits beyond the deadline for the next one.
 *
 * @param ai The module: `import * as ai from "ai"`.
 * @returns An object with all exports of the module.
 * @throws TypeError if `ai` is not the module.
 * @example
 * ```ts
 * import * as ai from "ai";
 * import { Cancellable } from "@hother/cancelable";
 * import { cancellableAI, partialAnswer } from "@hother/cancelable-integrations/ai";
 * import { MockLanguageModelV3 } from "ai/test";
 *
 * const { streamText } = cancellableAI(ai);
 * const model = new MockLanguageModelV3({
 *   doStream: async () => ({
 *     stream: new ReadableStream({
 *       start(controller) {
 *         controller.enqueue({ type: "text-start", id: "0" });
 *         controller.enqueue({ type: "text-delta", id: "0", delta: "Hel" }); // and no end
 *       },
 *     }),
 *   }),
 * });
 *
 * const op = new Cancellable({ name: "answer" });
 * await op.settle(async () => {
 *   const answer = streamText({ model, prompt: "hello" });
 *   try {
 *     for await (const _ of answer.textStream) op.cancel("disconnect");
 *   } finally {
 *     console.assert(partialAnswer(answer).text === "Hel");
 *   }
 * });
 * ```
 */
export function cancellableAI<Module extends AiModule>(ai: Module): Module {
  const exports = requireModule(ai);
  const find = (id: string): unknown => {
    const { AI_SDK_DEFAULT_PROVIDER: chosen } = globalThis as { readonly AI_SDK_DEFAULT_PROVIDER?: Provider };
    return (chosen ?? (exports.gateway as Provider | undefined))?.languageModel?.(id);
  };
  const followed: Record<string, unknown> = {};
  const replace = (names: readonly string[], follow: (name: string, value: AiFunction) => unknown): void => {
    for (const name of names) {
      const value = exports[name];
      if (typeof value === "function") followed[name] = follow(name, value as AiFunction);
    }
  };
  replace(ofLanguage, (name, call) => followPromise(name, call, find));
  replace(ofOthers, (name, call) => followPromise(name, call, () => undefined));
  replace(["streamText"], (_, call) => followStreamText(call, find));
  replace(["streamObject"], (_, call) => followStreamObject(call, find));
  replace(agents, (_, agent) => followAgent(agent as unknown as AgentClass, find)); // the classes of these names
  return { ...ai, ...followed };
}

function requireModule(ai: unknown): Readonly<Record<string, unknown>> {
  const { generateText, streamText } = (ai ?? {}) as Partial<AiModule>;
  if (typeof generateText !== "function" || typeof streamText !== "function")
    throw invalidType("ai", 'the module "ai", from import * as ai from "ai"', ai);
  return ai as Readonly<Record<string, unknown>>; // a module
}

import { type AiOptions, Answer, type FindModel } from "./answer.ts";
import { watched, whole } from "./followed-call.ts";
import { followResult } from "./followed-result.ts";

/** The key of the answer in the options of a call, which the agent hands to `prepareCall`. */
const answerOfCall: unique symbol = Symbol("answer");

interface AgentOptions extends AiOptions {
  readonly [answerOfCall]?: Answer;
}

interface AgentSettings extends AgentOptions {
  readonly prepareCall?: (options: AgentOptions) => unknown;
}

interface AgentLike {
  generate(options: AgentOptions): Promise<unknown>;
  stream(options: AgentOptions): Promise<unknown>;
}

export type AgentClass = new (settings: AgentSettings) => AgentLike;

/** A class of agents whose calls follow the scope in which they are made. */
export function followAgent(Agent: AgentClass, find: FindModel): AgentClass {
  return class extends Agent {
    constructor(settings: AgentSettings) {
      const prepareCall = async (options: AgentOptions): Promise<unknown> => {
        const prepared = ((await settings.prepareCall?.(options)) ?? options) as AiOptions;
        return options[answerOfCall]?.guard(prepared, find) ?? prepared;
      };
      super({ ...settings, prepareCall });
    }

    override generate(options: AgentOptions): Promise<unknown> {
      const answer = new Answer(options?.abortSignal, "generate() of an agent");
      return whole(answer, () =>
        super.generate({ ...options, abortSignal: answer.signal, [answerOfCall]: answer }),
      );
    }

    override async stream(options: AgentOptions): Promise<unknown> {
      const answer = new Answer(options?.abortSignal, "stream() of an agent");
      try {
        const own = { abortSignal: answer.signal, [answerOfCall]: answer, ...watched(options, answer) };
        if (answer.isStopped) throw answer.cancellation;
        return followResult((await super.stream({ ...options, ...own })) as object, answer); // the result of `streamText`
      } catch (error) {
        answer.end();
        throw error;
      }
    }
  };
}

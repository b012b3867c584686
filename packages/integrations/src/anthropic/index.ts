import type Anthropic from "@anthropic-ai/sdk";
import type { SdkErrors } from "../model/sdk-call.ts";
import { followClient, type SdkClient } from "../model/sdk-client.ts";
import { type AnthropicChunk, addAnswer, addChunk } from "./record.ts";
import { followStreamsAndRunners } from "./streams-and-runners.ts";

export {
  type AnswerUsage,
  type PartialAnswer,
  type PartialToolCall,
  partialAnswer,
} from "../model/partial-answer.ts";

/**
 * Cancels every call of a client of Anthropic with the scope in which the call is made. Changes the client, and returns it. The
 * copies of `client.withOptions()` follow, too.
 *
 * A call that its scope cancelled rejects with the error of the scope: while it waits for the headers, between two attempts,
 * and while its body is read. A streamed answer throws this error from its loop, and the promises of the helpers with events
 * (`finalMessage()`, `done()`, …) reject with it. The socket closes. {@link partialAnswer} returns the part that had arrived. Tools of
 * `toolRunner` are operations. In a cancelled scope nothing is sent, and a `Retry-After` beyond the deadline is not waited for.
 *
 * @throws TypeError if `client` is not a client of Anthropic, or was passed before.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { Cancellable } from "@hother/cancelable";
 * import { cancellableAnthropic, partialAnswer } from "@hother/cancelable-integrations/anthropic";
 * import Anthropic from "@anthropic-ai/sdk";
 *
 * const server = createServer((_request, response) => {
 *   response.setHeader("content-type", "text/event-stream");
 *   for (const part of [
 *     { type: "message_start", message: { content: [], usage: { input_tokens: 9, output_tokens: 1 } } },
 *     { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
 *     { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } },
 *   ])
 *     response.write(`event: ${part.type}\ndata: ${JSON.stringify(part)}\n\n`); // and no end
 * }).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const client = cancellableAnthropic(new Anthropic({ apiKey: "key", baseURL: `http://127.0.0.1:${port}` }));
 *
 * const op = new Cancellable({ name: "answer" });
 * await op.settle(async () => {
 *   const answer = client.messages.stream({ model: "m", max_tokens: 99, messages: [] });
 *   answer.on("text", () => op.cancel("disconnect"));
 *   try {
 *     await answer.finalMessage();
 *   } finally {
 *     console.assert(partialAnswer(answer).text === "Hel" && partialAnswer(answer).usage?.inputTokens === 9);
 *   }
 * });
 * server.close();
 * ```
 */
export function cancellableAnthropic<Client extends Anthropic>(client: Client): Client {
  // The methods that the types of the client hide. `followClient` checks them.
  followClient<AnthropicChunk>(client as unknown as SdkClient, {
    wrapper: "cancellableAnthropic",
    client: "Anthropic, such as new Anthropic()",
    errors: errorsOf(client),
    add: addChunk,
    addWhole: addAnswer,
    followHelpers: (copy) => followStreamsAndRunners(copy as unknown as Anthropic), // `client` or its copy
  });
  return client;
}

/** The errors of the copy of the library from which the client comes. */
function errorsOf(client: Anthropic): SdkErrors {
  const { APIUserAbortError, AnthropicError } = (client?.constructor ?? {}) as typeof Anthropic; // checked by `followClient`
  return {
    aborted: (reason) => Object.assign(new APIUserAbortError(), { cause: reason }),
    failed: (message, cause) => Object.assign(new AnthropicError(message), { cause }),
  };
}

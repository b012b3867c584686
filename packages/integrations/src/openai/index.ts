import type OpenAI from "openai";
import type { SdkErrors } from "../model/sdk-call.ts";
import { followClient, type SdkClient } from "../model/sdk-client.ts";
import { addAnswer, addChunk, type OpenAIChunk } from "./record.ts";
import { endWaitsWithSignal } from "./retry-wait.ts";
import { followStreamsAndRunners } from "./streams-and-runners.ts";

export {
  type AnswerUsage,
  type PartialAnswer,
  type PartialToolCall,
  partialAnswer,
} from "../model/partial-answer.ts";

/**
 * Cancels every call of a client of OpenAI with the scope in which the call is made. Changes the client, and returns it. The
 * copies of `client.withOptions()` follow, too.
 *
 * A call that its scope cancelled rejects with the error of the scope: while it waits for the headers, between two attempts,
 * and while its body is read. A streamed answer throws this error from its loop, and the promises of the helpers with events
 * (`finalContent()`, `done()`, …) reject with it. The socket closes. {@link partialAnswer} returns the part that had arrived. Tools of
 * `runTools` are operations. In a cancelled scope nothing is sent, and a `Retry-After` beyond the deadline is not waited for.
 *
 * @throws TypeError if `client` is not a client of OpenAI, or was passed before.
 * @example
 * ```ts
 * import { once } from "node:events";
 * import { createServer } from "node:http";
 * import { Cancellable } from "@hother/cancelable";
 * import { cancellableOpenAI, partialAnswer } from "@hother/cancelable-integrations/openai";
 * import OpenAI from "openai";
 *
 * const server = createServer((_request, response) => {
 *   response.setHeader("content-type", "text/event-stream");
 *   response.write('data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}\n\n'); // and no end
 * }).listen(0, "127.0.0.1");
 * await once(server, "listening");
 * const { port } = server.address() as { port: number };
 * const client = cancellableOpenAI(new OpenAI({ apiKey: "key", baseURL: `http://127.0.0.1:${port}` }));
 *
 * const op = new Cancellable({ name: "answer" });
 * await op.settle(async () => {
 *   const answer = client.chat.completions.stream({ model: "m", messages: [] });
 *   answer.on("chunk", () => op.cancel("disconnect"));
 *   try {
 *     await answer.finalContent();
 *   } finally {
 *     console.assert(partialAnswer(answer).text === "Hel");
 *   }
 * });
 * server.close();
 * ```
 */
export function cancellableOpenAI<Client extends OpenAI>(client: Client): Client {
  // The methods that the types of the client hide. `followClient` checks them.
  followClient<OpenAIChunk>(client as unknown as SdkClient, {
    wrapper: "cancellableOpenAI",
    client: "OpenAI, such as new OpenAI()",
    errors: errorsOf(client),
    add: addChunk,
    addWhole: addAnswer,
    followHelpers: (copy) => {
      followStreamsAndRunners(copy as unknown as OpenAI); // `client` or its copy
      endWaitsWithSignal(copy);
    },
  });
  return client;
}

/** The errors of the copy of the library from which the client comes. */
function errorsOf(client: OpenAI): SdkErrors {
  const { APIUserAbortError, OpenAIError } = (client?.constructor ?? {}) as typeof OpenAI; // checked by `followClient`
  return {
    aborted: (reason) => Object.assign(new APIUserAbortError(), { cause: reason }),
    failed: (message, cause) => Object.assign(new OpenAIError(message), { cause }),
  };
}

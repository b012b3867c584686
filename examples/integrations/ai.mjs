// @ts-check
// The AI SDK: a stream ends when its user leaves, what has come is kept, and a tool is stopped with its answer.
import { Cancellable, Event } from "@hother/cancelable";
import { cancellableAI, partialAnswer } from "@hother/cancelable-integrations/ai";
import * as ai from "ai";
import { MockLanguageModelV3 } from "ai/test";

const { streamText } = cancellableAI(ai);

// In the place of a provider: a model that begins to answer, and does not end.
const closed = new Event();
const model = new MockLanguageModelV3({
  doStream: async ({ abortSignal }) => {
    abortSignal?.addEventListener("abort", () => closed.set());
    return {
      stream: new ReadableStream({
        start(controller) {
          controller.enqueue({ type: "text-start", id: "0" });
          controller.enqueue({ type: "text-delta", id: "0", delta: "Once upon" });
        },
      }),
    };
  },
});

const op = new Cancellable({ name: "answer" });
const outcome = await op.settle(async () => {
  const answer = streamText({ model, prompt: "Tell me a story" });
  try {
    for await (const _text of answer.textStream) op.cancel("disconnect", "the user has left");
  } finally {
    op.context.partialResult = partialAnswer(answer);
  }
});
console.log(op.label, outcome.status, "-", op.context.cancelMessage);
console.log("so far:", /** @type {any} */ (op.context.partialResult).text);
await closed.wait();
console.log("the model has got the end");

// prints:
// operation "answer" cancelled - the user has left
// so far: Once upon
// the model has got the end

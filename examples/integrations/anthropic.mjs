// @ts-check
// The stream of an answer from Anthropic ends when its user leaves, and what has come is kept.
import { once } from "node:events";
import { createServer } from "node:http";
import Anthropic from "@anthropic-ai/sdk";
import { Cancellable, Event } from "@hother/cancelable";
import { cancellableAnthropic, partialAnswer } from "@hother/cancelable-integrations/anthropic";

// In the place of the provider: a server that begins to answer, and does not end.
const parts = [
  { type: "message_start", message: { content: [], usage: { input_tokens: 12, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Once upon" } },
];
const begin = parts.map((part) => `event: ${part.type}\ndata: ${JSON.stringify(part)}\n\n`).join("");
const closed = new Event();
const server = createServer((_request, response) => {
  response.setHeader("content-type", "text/event-stream");
  response.write(begin);
  response.once("close", () => closed.set());
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const client = cancellableAnthropic(new Anthropic({ apiKey: "key", baseURL: `http://127.0.0.1:${port}` }));

const op = new Cancellable({ name: "answer" });
const outcome = await op.settle(async () => {
  const answer = client.messages.stream({
    model: "a-model",
    max_tokens: 99,
    messages: [{ role: "user", content: "Tell me a story" }],
  });
  answer.on("text", () => op.cancel("disconnect", "the user has left"));
  try {
    await answer.finalMessage();
  } finally {
    op.context.partialResult = partialAnswer(answer);
  }
});
console.log(op.label, outcome.status, "-", op.context.cancelMessage);
const partial = /** @type {any} */ (op.context.partialResult);
console.log("so far:", partial.text, "- input tokens:", partial.usage.inputTokens);
await closed.wait();
console.log("the request is closed: no further token is paid");
server.close();

// prints:
// operation "answer" cancelled - the user has left
// so far: Once upon - input tokens: 12
// the request is closed: no further token is paid

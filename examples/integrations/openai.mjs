// @ts-check
// The stream of an answer from OpenAI ends when its user leaves, and what has come is kept.
import { once } from "node:events";
import { createServer } from "node:http";
import { Cancellable, Event } from "@hother/cancelable";
import { cancellableOpenAI, partialAnswer } from "@hother/cancelable-integrations/openai";
import OpenAI from "openai";

// In the place of the provider: a server that begins to answer, and does not end.
const parts = ["Once", " upon"].map((content) => ({ choices: [{ index: 0, delta: { content } }] }));
const begin = parts.map((part) => `data: ${JSON.stringify(part)}\n\n`).join("");
const closed = new Event();
const server = createServer((_request, response) => {
  response.setHeader("content-type", "text/event-stream");
  response.write(begin);
  response.once("close", () => closed.set());
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const client = cancellableOpenAI(new OpenAI({ apiKey: "key", baseURL: `http://127.0.0.1:${port}` }));

const op = new Cancellable({ name: "answer" });
const outcome = await op.settle(async () => {
  const answer = await client.chat.completions.create({
    model: "a-model",
    messages: [{ role: "user", content: "Tell me a story" }],
    stream: true,
  });
  try {
    for await (const part of answer)
      if (part.choices[0]?.delta.content === " upon") op.cancel("disconnect", "the user has left");
  } finally {
    op.context.partialResult = partialAnswer(answer);
  }
});
console.log(op.label, outcome.status, "-", op.context.cancelMessage);
const partial = /** @type {any} */ (op.context.partialResult);
console.log("so far:", partial.text);
await closed.wait();
console.log("the request is closed: no further token is paid");
server.close();

// prints:
// operation "answer" cancelled - the user has left
// so far: Once upon
// the request is closed: no further token is paid

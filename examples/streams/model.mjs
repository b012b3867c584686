// @ts-check
// The answer of a language model, paused by the user and by the model itself, and continued at the same place.
import { Cancellable, CancellationToken, sleep } from "@hother/cancelable";

const answer = "First whisk the eggs . !!PAUSE!! Then bake the cake for an hour .".split(" ");

/**
 * Stands for the client of a provider. It continues after the words that the conversation has already. The pages of the
 * integrations have real clients: anthropic.mjs, openai.mjs and ai.mjs.
 *
 * @param {readonly string[]} conversation
 */
async function* complete(conversation) {
  try {
    for (const word of answer.slice(conversation.length)) {
      await sleep(1);
      yield word;
    }
  } finally {
    console.log("(the request is closed)");
  }
}

/**
 * One request. It ends with the answer, with the pause of the model, or with that of the user.
 *
 * @param {string[]} conversation gets the words, also those before a pause
 * @param {CancellationToken} user
 */
async function ask(conversation, user) {
  const op = Cancellable.withToken(user, { name: "answer" });
  const outcome = await op.settle(async () => {
    for await (const word of op.stream(complete(conversation))) {
      conversation.push(word);
      if (word === "!!PAUSE!!") op.cancel("manual", "the model waits for the cook");
      else if (word === "bake") user.cancel("manual", "the user pressed the space bar");
    }
  });
  return outcome.status === "cancelled" ? op.context.cancelMessage : outcome.status;
}

export async function main() {
  /** @type {string[]} */
  const conversation = [];
  for (let request = 1; ; request++) {
    const before = conversation.length;
    const end = await ask(conversation, new CancellationToken());
    console.log(`request ${request}: ${conversation.slice(before).join(" ")}`);
    console.log(`ended: ${end}`);
    if (end === "completed") break;
  }
  console.log("complete:", conversation.join() === answer.join());
}

if (process.argv[1] === import.meta.filename) await main();

// prints:
// (the request is closed)
// request 1: First whisk the eggs . !!PAUSE!!
// ended: the model waits for the cook
// (the request is closed)
// request 2: Then bake
// ended: the user pressed the space bar
// (the request is closed)
// request 3: the cake for an hour .
// ended: completed
// complete: true

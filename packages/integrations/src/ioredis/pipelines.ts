import { currentScope } from "@hother/cancelable";
import { blocks } from "../database/redis/blocks.ts";
import type { Lane } from "../database/redis/lane.ts";
import { runBlocking, runCommand } from "../database/redis/run-command.ts";
import { StatementNotSentError } from "../database/statement-not-sent.ts";
import type { Control } from "./control.ts";
import type { Client, Command, Pipeline } from "./ioredis.ts";
import { SentPipeline } from "./sent-pipeline.ts";

interface PipelineParts {
  readonly lane: Lane;
  readonly control: Control;
  readonly cancelTimeout: number;
  /** Asks for the id of the connection, with a command of the same kind. */
  ask(like: Command): Promise<unknown>;
}

/** Lets the pipelines and transactions of a client follow the scope in which `exec` is called. */
export class Pipelines {
  readonly #client: Client;
  readonly #parts: PipelineParts;
  readonly #byStream = new WeakMap<object, SentPipeline>();
  /** The pipeline that gives its commands to the client at the moment. */
  #current: SentPipeline | undefined = undefined;

  constructor(client: Client, parts: PipelineParts) {
    this.#client = client;
    this.#parts = parts;
    const { pipeline, multi } = client;
    client.pipeline = (...args) => this.#adopt(pipeline.apply(client, args), "a pipeline");
    client.multi = (...args) => {
      const made = multi.apply(client, args);
      // With `pipeline: false` each command goes alone, and MULTI is one of them.
      const isPipeline = (made as Partial<Pipeline>).isPipeline === true;
      return isPipeline ? this.#adopt(made as Pipeline, "MULTI") : made;
    };
  }

  /** Whether a command may be sent. ioredis gives the commands of a pipeline to the client one by one, again after a reconnect. */
  mayBeSent(command: Command, stream: object): boolean {
    let sent = this.#byStream.get(stream);
    if (sent === undefined) {
      sent = this.#current;
      if (sent === undefined) return true;
      this.#byStream.set(stream, sent);
    }
    if (sent.hasEnded) {
      command.reject(new StatementNotSentError("the pipeline was cancelled, and is not sent"));
      return false;
    }
    sent.sending();
    return true;
  }

  #adopt(pipeline: Pipeline, what: string): Pipeline {
    const { exec } = pipeline;
    pipeline.exec = (callback) => {
      const outcome = this.#run(pipeline, what, () => exec.call(pipeline));
      if (typeof callback === "function")
        outcome.then(
          (results) => callback(null, results),
          (error: unknown) => callback(error),
        );
      return outcome;
    };
    return pipeline;
  }

  async #run(pipeline: Pipeline, what: string, exec: () => Promise<unknown>): Promise<unknown> {
    currentScope().check();
    const { lane, control, cancelTimeout, ask } = this.#parts;
    const canBlock = what !== "MULTI" && pipeline._queue.some(({ name, args }) => blocks(name, args));
    const start = (): Promise<unknown> => {
      if (currentScope().isRoot) return exec();
      const sent = new SentPipeline(this.#client, what);
      let id: Promise<unknown> | undefined;
      const [first] = pipeline._queue;
      const send = (): Promise<unknown> => {
        if (canBlock && first !== undefined) id = ask(first);
        this.#current = sent;
        try {
          sent.settle(exec());
        } finally {
          this.#current = undefined;
        }
        return sent.answer;
      };
      const command = { what, send, withdraw: () => sent.withdraw() };
      if (!canBlock) return runCommand(command, cancelTimeout).finally(() => sent.end());
      control.prepare();
      return runBlocking(
        {
          ...command,
          connectionId: () => id ?? Promise.resolve(),
          unblock: (connection) => control.unblock(connection),
          replace: () => this.#client.disconnect(true),
        },
        cancelTimeout,
      ).finally(() => sent.end());
    };
    return lane.run(canBlock, start, what);
  }
}

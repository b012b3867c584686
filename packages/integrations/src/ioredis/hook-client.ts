import { CancelScope, currentScope } from "@hother/cancelable";
import { blocks } from "../database/redis/blocks.ts";
import { Lane } from "../database/redis/lane.ts";
import { runBlocking, runCommand } from "../database/redis/run-command.ts";
import { Control } from "./control.ts";
import { type Client, type Command, questionLike } from "./ioredis.ts";
import { Pipelines } from "./pipelines.ts";
import { SentCommand } from "./sent-command.ts";

const hooked = new WeakSet<object>();

export const isHooked = (client: object): boolean => hooked.has(client);

/** Lets all commands of a client follow the scope in which they are called. */
export function hookClient(client: Client, cancelTimeout: number): void {
  hooked.add(client);
  const lane = new Lane();
  /** The commands of users that ioredis has got, and that it can give to `sendCommand` again. */
  const sent = new WeakMap<Command, SentCommand>();
  /** The questions of this module. */
  const questions = new WeakSet<Command>();
  const sendCommand = client.sendCommand;
  const duplicate = client.duplicate;
  const connect = client.connect;
  const control = new Control((overrides) => duplicate.call(client, overrides));
  client.on("end", () => control.close());

  const ask = (like: Command): Promise<unknown> => {
    const question = questionLike(like, "client", ["ID"]);
    questions.add(question);
    sendCommand.call(client, question);
    const { promise } = question;
    promise.catch(() => {}); // the command behind it fails as well
    return promise;
  };

  const start = (command: Command, isBlocking: boolean): Promise<unknown> => {
    const one = new SentCommand(command, client);
    sent.set(command, one);
    const { what } = one;
    const withdraw = (): boolean => one.withdraw();
    const send = (): Promise<unknown> => {
      client.sendCommand(command); // which knows it
      return one.answer;
    };
    let outcome: Promise<unknown>;
    if (currentScope().isRoot) outcome = send();
    else if (!isBlocking) outcome = runCommand({ what, withdraw, send }, cancelTimeout);
    else {
      let id: Promise<unknown> | undefined;
      // After a reconnect the connection has another id.
      one.onSend = () => {
        id = ask(command);
      };
      control.prepare();
      outcome = runBlocking(
        {
          what,
          withdraw,
          send,
          connectionId: () => id ?? Promise.resolve(),
          unblock: (connection) => control.unblock(connection),
          replace: () => client.disconnect(true),
        },
        cancelTimeout,
      );
    }
    one.settle(outcome);
    return outcome;
  };

  let isRecovering = client.status !== "ready";
  client.on("close", () => {
    isRecovering = true;
  });
  // After the commands that the client sends itself on a new connection.
  client.on("ready", () => {
    isRecovering = false;
  });
  const isOwn = (command: Command, isBlocking: boolean): boolean =>
    isRecovering && !isBlocking && (currentScope().isRoot || isGreeting(client, command));
  const pipelines = new Pipelines(client, { lane, control, ask, cancelTimeout });

  client.sendCommand = function (this: Client, command, stream, node) {
    const plain = (): unknown => sendCommand.call(this, command, stream, node);
    const again = sent.get(command);
    if (again?.hasEnded) return command.promise;
    if (again !== undefined) again.onSend?.();
    if (again !== undefined || questions.has(command)) return plain();
    if (stream !== undefined) return pipelines.mayBeSent(command, stream) ? plain() : command.promise;
    const isBlocking = blocks(command.name, command.args);
    if (isOwn(command, isBlocking)) return plain();
    try {
      currentScope().check();
      const outcome = lane.run(isBlocking, () => start(command, isBlocking), command.name.toUpperCase());
      outcome.catch((error: unknown) => {
        // The others have told their caller.
        if (!sent.has(command)) command.reject(error);
      });
    } catch (error) {
      command.reject(error);
    }
    return command.promise;
  };

  // Code of the client that runs in the events of its socket must not belong to the scope of the first command.
  client.connect = function (this: Client, ...args) {
    return new CancelScope({ parent: null }).run(() => connect.apply(this, args));
  };

  client.duplicate = function (this: Client, overrides) {
    const copy = duplicate.call(this, overrides);
    hookClient(copy, cancelTimeout);
    return copy;
  };
}

const greetings = new Set(["hello", "auth", "select", "client", "readonly", "info"]);

/** Whether the client sends the command because it connects. */
const isGreeting = (client: Client, command: Command): boolean =>
  client.status === "connect" && greetings.has(command.name);

import { connect } from "node:net";
import { join } from "node:path";
import { debianProgram } from "./debian.ts";
import { removeFolder, startServer, temporaryFolder } from "./server-process.ts";

/** A Redis server of its own for one test file. It keeps nothing on a disk. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
  /** The address in the form that clients read, such as `redis://127.0.0.1:40001`. */
  readonly url: string;
  readonly pid: number;
  /** Sends one command on a connection of its own, and returns the raw answer. */
  ask(command: string): Promise<string>;
  /** How many clients a blocking command holds at the moment. */
  blockedClients(): Promise<number>;
  /** How often the server has run each command so far, by its name in lower case. */
  calls(): Promise<Readonly<Record<string, number>>>;
  /** Stops the server at once, and removes its files. */
  stop(): Promise<void>;
}

const host = "127.0.0.1";

/**
 * Starts Redis from the package `redis-server` of Debian. Takes less than 0.1 s.
 *
 * @returns undefined, with the reason printed, if this machine has no Redis: the tests are then skipped.
 */
export async function startRedis(): Promise<RedisServer | undefined> {
  const program = debianProgram("/usr/bin/redis-server", "redis-server");
  if (program === undefined) return undefined;
  const folder = temporaryFolder("redis");
  try {
    const { server, port } = await startServer(program, {
      args: (on) => ["--bind", host, "--port", `${on}`, "--save", "", "--appendonly", "no", "--dir", folder],
      folder,
      readyText: "Ready to accept connections",
      signal: "SIGKILL", // its files are removed
    });
    const ask = (command: string): Promise<string> => send(port, command);
    return {
      host,
      port,
      url: `redis://${host}:${port}`,
      pid: server.pid,
      ask,
      async blockedClients() {
        return Number(/^blocked_clients:(\d+)/m.exec(await ask("INFO clients"))?.[1]);
      },
      async calls() {
        const lines = (await ask("INFO commandstats")).matchAll(/^cmdstat_([\w|-]+):calls=(\d+)/gm);
        return Object.fromEntries(Array.from(lines, ([, name, count]) => [name, Number(count)]));
      },
      async stop() {
        await server.stop();
        removeFolder(folder);
      },
    };
  } catch (error) {
    removeFolder(folder);
    throw error;
  }
}

/** The answers in these tests are short texts, one bulk string or one line. */
function send(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host, port }, () => socket.write(`${command}\r\nQUIT\r\n`));
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      answer += text;
    });
    socket.on("end", () => resolve(answer.replace(/\+OK\r\n$/, "").replace(/^\$\d+\r\n|\r\n$/g, "")));
    socket.on("error", reject);
  });
}

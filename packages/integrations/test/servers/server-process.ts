import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./free-port.ts";
import type { SystemUser } from "./unprivileged.ts";

/** A new temporary folder, which belongs to `user` if there is one. */
export function temporaryFolder(name: string, user?: SystemUser): string {
  const folder = mkdtempSync(join(tmpdir(), `cancelable-${name}-`));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A program that runs until it is stopped, and writes what it says to a file. */
export interface ServerProcess {
  readonly pid: number;
  /** The text that the program has written so far. */
  log(): string;
  /** Waits until `isReady` is true for the log. @throws Error with the log if the program ends before, or after 30 s. */
  ready(isReady: (log: string) => boolean | Promise<boolean>): Promise<void>;
  /** Ends the program with `signal`, and waits for its end. A second call does nothing. */
  stop(): Promise<void>;
}

interface StartOptions {
  /** The file that gets the output. */
  readonly log: string;
  readonly user?: SystemUser | undefined;
  /** The signal that ends the program at once. */
  readonly signal: NodeJS.Signals;
}

/** Starts a program. It is ended, too, when this process ends. */
export function startProgram(command: string, args: readonly string[], options: StartOptions): ServerProcess {
  const { log, user, signal } = options;
  const output = openSync(log, "a");
  const child: ChildProcess = spawn(command, args, {
    stdio: ["ignore", output, output],
    // Without the locale of this machine: the tests read the messages.
    env: { ...process.env, LC_ALL: "C" },
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  closeSync(output);
  let failure: Error | undefined;
  const hasEnded = (): boolean =>
    failure !== undefined || child.exitCode !== null || child.signalCode !== null;
  child.on("error", (error) => {
    failure = error;
  });
  const kill = (): void => {
    child.kill(signal);
  };
  process.once("exit", kill);
  const readLog = (): string => readFileSync(log, "utf8");
  return {
    pid: child.pid ?? 0,
    log: readLog,
    async ready(isReady) {
      const limit = Date.now() + 30_000;
      while (!(await isReady(readLog()))) {
        if (hasEnded()) throw new Error(`${command} has ended: ${failure?.message ?? readLog()}`);
        if (Date.now() > limit) throw new Error(`${command} is not ready after 30 s: ${readLog()}`);
        await delay(10);
      }
    },
    async stop() {
      process.off("exit", kill);
      if (hasEnded()) return;
      const ended = once(child, "exit");
      kill();
      await ended;
    },
  };
}

interface ServerOptions extends Omit<StartOptions, "log"> {
  /** The arguments of the program that let it listen on `port`. */
  readonly args: (port: number) => readonly string[];
  /** The folder for the log files. */
  readonly folder: string;
  /** The words in the log of a server that is ready. */
  readonly readyText: string;
}

/** Starts a server on a free port, and on another one if a different program has taken the port first. */
export async function startServer(
  command: string,
  { args, folder, readyText, ...options }: ServerOptions,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const server = startProgram(command, args(port), { ...options, log: join(folder, `log-${attempt}`) });
    try {
      await server.ready((log) => log.includes(readyText));
      return { server, port };
    } catch (error) {
      await server.stop();
      if (attempt === 3 || !server.log().includes("Address already in use")) throw error;
    }
  }
}

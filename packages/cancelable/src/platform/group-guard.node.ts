import { type ChildProcess, spawn } from "node:child_process";

/*
 * A shell in a session of its own that kills process groups when this process has died, in whatever way. The shell reads the
 * numbers of the groups from a pipe, which ends with this process. It confirms each number, because a host can write to a
 * pipe in a later turn. The shell runs only while there is a group. A host without a shell has no guard.
 */
const script = `
trap '' HUP INT TERM
groups=
while read -r change group; do
  if [ "$change" = + ]; then
    groups="$groups $group"
    echo "$group"
  else
    rest=
    for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done
    groups=$rest
  fi
done
for one in $groups; do kill -KILL "-$one"; done
`;

/** The shell that serves all groups, while there is one. */
class Shell {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  /** The groups whose confirmation is awaited, in order. */
  readonly #unconfirmed: Array<() => void> = [];
  users = 0;

  constructor() {
    this.#child = spawn("sh", ["-c", script, "cancelable-guard"], {
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
      cwd: "/",
    });
    this.#ended = new Promise((resolve) => {
      const ended = (): void => {
        if (shell === this) shell = undefined;
        for (const confirm of this.#unconfirmed.splice(0)) confirm();
        resolve();
      };
      this.#child.once("error", ended).once("exit", ended);
    });
    // The shell was killed, or there is none: its groups are without a guard.
    this.#child.stdin?.on("error", () => {});
    this.#child.stdout?.on("data", (text: Buffer) => {
      for (const byte of text) if (byte === newline) this.#unconfirmed.shift()?.();
    });
  }

  /** Resolves when the shell knows the group, or has ended. */
  add(group: number): Promise<void> {
    return new Promise((resolve) => {
      this.#unconfirmed.push(resolve);
      this.#child.stdin?.write(`+ ${group}\n`);
    });
  }

  remove(group: number): void {
    this.#child.stdin?.write(`- ${group}\n`);
  }

  /** Resolves when the shell has ended. */
  end(): Promise<void> {
    if (shell === this) shell = undefined;
    this.#child.stdin?.end();
    return this.#ended;
  }
}

const newline = 10;

let shell: Shell | undefined;

/** The guard of one group. */
export class GroupGuard {
  readonly #shell: Shell;
  #group: number | undefined;

  constructor() {
    shell ??= new Shell();
    this.#shell = shell;
    this.#shell.users++;
  }

  /** Guards the group: the shell kills it if this process dies after the promise has resolved and before {@link leave}. */
  protect(group: number): Promise<void> {
    this.#group = group;
    return this.#shell.add(group);
  }

  /** To be called as soon as the group has ended, because the system can use its number again. */
  leave(): void {
    if (this.#group !== undefined) this.#shell.remove(this.#group);
    this.#group = undefined;
  }

  /** Leaves the group. Resolves when the shell has ended too, if this was its last group. */
  async end(): Promise<void> {
    this.leave();
    if (--this.#shell.users === 0) await this.#shell.end();
  }
}

import { readFileSync } from "node:fs";

/** A user of this system. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user that a server runs as which refuses to run as root: `postgres` if this system has it, otherwise `nobody`.
 *
 * @returns undefined if this process is not that of root: the server then runs as the same user.
 */
export function unprivilegedUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const wanted of ["postgres", "nobody"]) {
    const [name, , uid, gid] = users.find(([name]) => name === wanted) ?? [];
    if (name !== undefined) return { name, uid: Number(uid), gid: Number(gid) };
  }
  throw new Error("/etc/passwd has neither the user postgres nor the user nobody");
}

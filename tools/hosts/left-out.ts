/** A test, or a file of tests, that cannot run on a host. */
interface LeftOut {
  readonly hosts: readonly Host[];
  /** The name of the test file without its folder. */
  readonly file: string;
  /** Part of the titles of the tests. Default: all tests of the file. */
  readonly title?: string;
  readonly reason: string;
}

type Host = "Node" | "Bun" | "Deno" | "browser";

export const leftOut: readonly LeftOut[] = [];

export const host: Host =
  typeof document === "object"
    ? "browser"
    : "bun" in process.versions
      ? "Bun"
      : "deno" in process.versions
        ? "Deno"
        : "Node";

/** The reason why a test cannot run on this host. */
export function reasonToLeaveOut(file: string, title: string): string | undefined {
  return leftOut.find(
    (entry) =>
      entry.hosts.includes(host) &&
      file.endsWith(`/${entry.file}`) &&
      (entry.title === undefined || title.includes(entry.title)),
  )?.reason;
}

import { show } from "../arguments.ts";

/** A text of one line for an error: its name and message, the first line of its stack, and its causes. Never throws. */
export function oneLine(error: unknown): string {
  const parts: string[] = [];
  try {
    const seen = new Set<unknown>();
    let link = error;
    do {
      seen.add(link);
      if (!(link instanceof Error)) {
        parts.push(show(link));
        break;
      }
      const place = /^\s+at (.+)$/m.exec(link.stack ?? "")?.[1];
      const inner = link instanceof AggregateError ? ` [${link.errors.map(oneLine).join("; ")}]` : "";
      const at = place === undefined || parts.length > 0 ? "" : ` (at ${place})`;
      parts.push(`${link.name}: ${link.message}${inner}${at}`);
      link = link.cause;
    } while (link !== undefined && !seen.has(link));
  } catch {
    parts.push(show(error));
  }
  return parts.join(", caused by ").replace(/\s*\n\s*/g, " ");
}

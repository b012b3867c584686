import { existsSync } from "node:fs";

const headers =
  /@generated\b|\bDO (?:NOT|T) (?:EDIT|MODIFY)\b|\bDOT NOT MODIFY\b|auto-?generated (?:file|by|from)|generated (?:file|code).{0,40}do not/i;

/** Whether a tool generates the file: a header says so, the lines are too long, or the TypeScript file is beside it. */
export function isGenerated(path: string, text: string): boolean {
  if (text.length > 20_000 && text.length > 250 * (text.split("\n").length + 1)) return true;
  const top = /^(?:#!.*\r?\n)?(?:\s*(?:\/\/[^\n]*|\/\*[\s\S]{0,2000}?\*\/))*/.exec(text.slice(0, 4_000))?.[0];
  return headers.test(top ?? "") || hasSource(path);
}

/** Whether `x.ts` or `x.tsx` stands beside `x.js`. */
function hasSource(path: string): boolean {
  const [, base, extension] = /^(.*)\.([cm]?js)x?$/i.exec(path) ?? [];
  if (base === undefined || extension === undefined) return false;
  const typed = extension.replace(/js$/i, "ts");
  return existsSync(`${base}.${typed}`) || (typed === "ts" && existsSync(`${base}.tsx`));
}

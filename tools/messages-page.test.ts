import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { defaultMessage } from "../packages/cancelable/src/default-message.ts";
import { extract, root, usageSentences } from "./messages/extract.mjs";
import { errors, internal, lines, otherSoftware, sources, usage, warnings } from "./messages/remedies.mjs";
import { cancellations, page, reasons, target } from "./messages-page.mjs";

const found = extract();
const committed = readFileSync(root + target, "utf8");
const entries = errors.flatMap((group) => group.errors);

/** Without the layout of tables. */
const plain = (text: string): string => text.replace(/-{3,}/g, "---").replace(/ +/g, " ");

/** The texts of one kind in the sources. A cancellation has a reason in the place of a text. */
const textsOf = (kind: string): string[] => {
  const of = found.messages.filter((one) => one.kind === kind && !/Cancellation/.test(one.name));
  return [...new Set(of.map(({ text }) => text))].sort();
};
const sorted = (texts: readonly string[]): string[] => [...new Set(texts)].sort();

test("the page of messages is the one that the sources and the remedies make", () => {
  expect(plain(committed), "run node tools/messages-page.mjs").toBe(plain(page()));
});

test("every usage error has a cause and a remedy, and no other code has one", () => {
  expect(sorted(Object.keys(usage))).toEqual(sorted(Object.keys(usageSentences())));
});

test("the page has every code of the sources, and no other code", () => {
  const own = sorted([...found.codes]).filter((code) => !otherSoftware.includes(code));
  const onPage = sorted(committed.match(/\b(UND_)?ERR_[A-Z0-9_]+\b/g) ?? []);
  expect(onPage).toEqual(sorted([...own, ...Object.keys(usageSentences())]));
  for (const code of otherSoftware) expect(found.codes).toContain(code);
});

test("every error, warning and line of the sources has a cause and a remedy, and no other text has one", () => {
  const listed = entries.filter(({ file }) => file === undefined).flatMap(({ texts }) => texts);
  const ofWarnings = warnings.filter(({ file }) => file === undefined).map(({ text }) => text);
  expect(sorted([...textsOf("error"), ...textsOf("warning")])).toEqual(
    sorted([...listed, ...ofWarnings, ...internal]),
  );
  expect(textsOf("line")).toEqual(sorted(lines.map(({ text }) => text)));
  expect(textsOf("source")).toEqual(sorted(sources.flatMap((group) => group.sources)));
});

test("a text that is put together has its parts in the file that is named", () => {
  const composed = [
    ...entries.flatMap(({ file, texts }) => (file === undefined ? [] : [{ file, texts }])),
    ...warnings.flatMap(({ file, text }) => (file === undefined ? [] : [{ file, texts: [text] }])),
  ];
  expect(composed.length).toBeGreaterThan(0);
  for (const { file, texts } of composed) {
    const source = readFileSync(root + file, "utf8");
    const parts = texts
      .flatMap((text) => text.split(/…| and (?=its |…)/))
      .map((part) => part.replaceAll('"', "").trim());
    for (const part of parts.filter((one) => one.length > 2)) expect(source, file).toContain(part);
  }
});

test("the page has every reason that the library gives to a cancellation, with its default message", () => {
  const words = [...cancellations, ...reasons].map(([word]) => word);
  expect(words).toEqual(expect.arrayContaining([...found.reasons]));
  expect(found.reasons).toEqual(new Set([...found.reasons, ...reasons.map(([word]) => word)]));
  const details: Record<string, object> = {
    "Operation timed out after 5 s": { timeoutMs: 5_000 },
    "Operation timed out: its deadline has passed": { deadline: "" },
    "Operation cancelled by signal SIGINT": { signal: "SIGINT" },
    "Operation cancelled: diskFull condition met": { conditionName: "diskFull" },
    "Operation cancelled because its parent was cancelled (timeout)": { parentReason: "timeout" },
  };
  for (const [reason = "", text = ""] of cancellations)
    expect(defaultMessage(reason, details[text])).toBe(text);
});

test("links to sections of the page have targets", () => {
  const links = [...committed.matchAll(/\]\(#([^)]+)\)/g)].map(([, id]) => id);
  const ids = [...committed.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
  expect(links.length).toBeGreaterThan(0);
  expect(ids).toEqual(expect.arrayContaining(links));
});

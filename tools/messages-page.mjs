// Makes docs/trouble/messages.md from the messages in the sources and from the remedies in tools/messages/remedies.mjs.
// `node tools/messages-page.mjs` writes the page. The test beside this file compares.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { extract, root, usageSentences } from "./messages/extract.mjs";
import { errors, lines, sources, usage, warnings } from "./messages/remedies.mjs";

export const target = "docs/trouble/messages.md";

/** The messages of cancellations without a message of their own. `Operation` stands for the name of the operation. */
export const cancellations = [
  ["timeout", "Operation timed out after 5 s", "A time limit has passed. `error.timeoutMs` is the span."],
  ["timeout", "Operation timed out: its deadline has passed", "A deadline at a fixed time has passed."],
  ["manual", "Operation cancelled manually", "The code called `cancel()`. The stack shows the call."],
  ["signal", "Operation cancelled by signal SIGINT", "The process received a signal, such as Ctrl-C."],
  [
    "condition",
    "Operation cancelled: diskFull condition met",
    "A condition became true. The message has its name.",
  ],
  [
    "parent",
    "Operation cancelled because its parent was cancelled (timeout)",
    "An operation or scope above was cancelled. `error.cause` is its cancellation.",
  ],
  ["error", "Operation cancelled: error", "Another task of the group failed. `error.cause` is its error."],
  ["shutdown", "Operation cancelled: shutdown", "The server, the worker or the bridge is shutting down."],
  ["disconnect", "Operation cancelled: disconnect", "The client has left, or no caller waits any more."],
];

/** Other reasons that the library itself uses, with the function that uses them. */
export const reasons = [
  ["superseded", "`race`, `hedge` and `latest`: another call or attempt has decided the result"],
  ["ended", "a shared token whose thread has closed it"],
  ["stalled", "BullMQ, pg-boss, graphile-worker: another worker has the job"],
  ["unsubscribed", "RxJS: the observable has no subscriber any more"],
];

/** A text in a cell of a table, as code. A text with a backtick has two around it. */
const code = (/** @type {string} */ text) => {
  const marks = text.includes("`") ? "``" : "`";
  return `${marks}${text.replaceAll("|", "\\|")}${marks}`;
};
const row = (/** @type {string[]} */ ...cells) => `| ${cells.join(" | ")} |`;
const table = (/** @type {string[]} */ head, /** @type {string[][]} */ rows) => [
  row(...head),
  row(...head.map(() => "---")),
  ...rows.map((cells) => row(...cells)),
  "",
];

const advice = (/** @type {string} */ cause, /** @type {string} */ remedy) => [
  `**Cause.** ${cause}`,
  "",
  `**Remedy.** ${remedy}`,
  "",
];

/** The code or the class, if no other section has it, and otherwise the first text. */
function headingOf(
  /** @type {string} */ name,
  /** @type {string | undefined} */ own,
  /** @type {string[]} */ texts,
) {
  const all = errors.flatMap((group) => group.errors);
  if (own !== undefined && !(own in usage) && all.filter((one) => one.code === own).length === 1) return own;
  return all.filter((one) => one.name === name).length === 1 ? name : code(shorten(texts[0] ?? name));
}

/** At most about 60 characters, for the outline of the page. */
const shorten = (/** @type {string} */ text) =>
  text.length <= 64 ? text : `${text.slice(0, 60).replace(/\s\S*$/, "")} …`;

/** The page, without the layout of its tables, which the formatter of the repository sets. */
export function page() {
  const { messages } = extract();
  const usageTexts = (/** @type {string} */ name) => {
    const found = messages.filter((one) => one.kind === "usage" && one.name === name).map(({ text }) => text);
    const texts = found.length === 0 ? [`… ${usageSentences()[name]}.`] : found;
    return [...new Set(texts)].sort();
  };
  return [
    "# Messages",
    "",
    "This page has every error and warning of the library, with its cause and its remedy. Search the page for a part of the text, or",
    "for the code. `…` stands for a part that varies, such as a name.",
    "",
    "- [Cancellations](#cancellations): an operation was stopped. This is usually no mistake.",
    "- [Usage errors](#usage-errors): a call is wrong. Each has a `code`.",
    ...errors.map(
      ({ title }) => `- [${title}](#${title.toLowerCase().replaceAll(",", "").replaceAll(" ", "-")})`,
    ),
    "- [Warnings](#warnings) on the console",
    "- [Lines of main()](#lines-of-main) on stderr",
    "- [Errors without a caller](#errors-without-a-caller): `@hother/cancelable: error in …`",
    "",
    "## Cancellations",
    "",
    "A `CancellationError` has the `name` `AbortError`, or `TimeoutError` for a timeout, and the `code` `ABORT_ERR`. `error.reason` says",
    "why. See [reasons and errors](../concepts/reasons-and-errors.md).",
    "",
    ...table(
      ["reason", "message", "cause"],
      cancellations.map(([reason = "", text = "", cause = ""]) => [code(reason), code(text), cause]),
    ),
    "Four other words come from the library. Every other word comes from the application.",
    "",
    ...table(
      ["reason", "comes from"],
      reasons.map(([reason = "", from = ""]) => [code(reason), from]),
    ),
    "## Usage errors",
    "",
    "A `UsageError` says that a call is wrong, whatever the timing is. The call had no effect.",
    "",
    ...Object.entries(usage).flatMap(([name, { cause, remedy }]) => [
      `### ${name}`,
      "",
      ...usageTexts(name).map((text) => `- ${code(text)}`),
      "",
      ...advice(cause, remedy),
    ]),
    ...errors.flatMap((group) => [
      `## ${group.title}`,
      "",
      ...group.errors.flatMap(({ name, code: own, texts, shown = texts, cause, remedy }) => [
        `### ${headingOf(name, own, shown)}`,
        "",
        own === undefined ? `Class ${code(name)}:` : `Class ${code(name)}, code ${code(own)}:`,
        "",
        ...shown.map((text) => `- ${code(text)}`),
        "",
        ...advice(cause, remedy),
      ]),
    ]),
    "## Warnings",
    "",
    "A warning begins with `@hother/cancelable:`. It is about code that can be right, so no error is thrown.",
    "",
    ...warnings.flatMap(({ text, cause, remedy }) => [`- ${code(text)}`, "", ...advice(cause, remedy)]),
    "## Lines of main()",
    "",
    "`main()` writes one line to stderr if the program does not end well. See [programs](../process.md#main).",
    "",
    ...table(
      ["line", "cause", "remedy"],
      lines.map(({ text, cause, remedy }) => [code(text), cause, remedy]),
    ),
    "## Errors without a caller",
    "",
    "An error that no code can catch goes to the reporter. By default, the reporter writes each error once to the console:",
    "`@hother/cancelable: error in SOURCE:`, and the error. `setReporter(fn)` sends them to your own log.",
    "",
    ...sources.flatMap(({ title, sources: names, cause, remedy }) => [
      `### ${title}`,
      "",
      ...advice(cause, remedy),
      `The sources: ${[...names].sort().map(code).join(", ")}.`,
      "",
    ]),
    "## Next",
    "",
    "- [Pitfalls](pitfalls.md)",
    "- [My limit did nothing](limit-did-nothing.md)",
    "- [Find out why an operation does not end](../how/what-does-not-end.md)",
    "",
  ].join("\n");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(root + target, page());
  execFileSync("npx", ["biome", "format", "--write", target], { cwd: root, stdio: "inherit" });
}

import type { Report, ReportedFile } from "./summary.ts";

/** The report as one self-contained page with filters by rule, class and file. */
export function toHtml(report: Report): string {
  const files = report.results.map((file) => ({ name: file.file, rows: rowsOf(file) }));
  const counts = new Map<string, number>();
  for (const { rule } of files.flatMap(({ rows }) => rows)) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const { totals } = report;
  const facts = [
    [totals.files, "files read"],
    [report.migrated, report.written ? "files changed" : "files to change"],
    [totals.references, "references"],
    [totals.edits, "edits"],
    [totals.marks, "for review"],
    [report.errors, "errors"],
  ];
  const rules = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Migration: ${escape(report.engine)}</title>
<style>${style}</style>
<h1>Migration: ${escape(report.engine)}</h1>
<ul class="facts">${facts.map(([count, name]) => `<li><strong>${count}</strong> ${name}</li>`).join("")}</ul>
<form><label>Rule <select id="rule"><option value="">all</option>${rules.map(([rule, count]) => `<option value="${escape(rule)}">${escape(rule)} (${count})</option>`).join("")}</select></label>
<label>Class <select id="class"><option value="">all</option>${classes.map(([name, meaning]) => `<option value="${name}">${name}: ${meaning}</option>`).join("")}</select></label>
<label>File <input id="file" type="search" placeholder="part of the path"></label> <output id="shown"></output></form>
<main>${files.map(section).join("\n")}</main>
<script>${script}</script>
</html>
`;
}

const classes = [
  ["S", "safe"],
  ["R", "structural"],
  ["M", "for review"],
  ["X", "no counterpart"],
  ["!", "error"],
] as const;

interface Row {
  readonly rule: string;
  readonly class: string;
  readonly place: string;
  readonly api: string;
  readonly why: string;
  readonly how: string;
  /** Whether `how` is the new code of an edit. */
  readonly isCode: boolean;
  readonly frame: string;
}

function rowsOf(file: ReportedFile): Row[] {
  const error: Row[] =
    file.error === undefined
      ? []
      : [
          {
            rule: "error",
            class: "!",
            place: "",
            api: file.error.kind,
            why: file.error.message,
            how: "",
            isCode: false,
            frame: "",
          },
        ];
  const edits = file.edits.filter((edit) => !edit.companion).map((edit) => ({ ...edit, isCode: true }));
  const places = [...edits, ...file.review.map((mark) => ({ ...mark, isCode: false }))]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ rule, class: kind, line, column, api, reason, suggestion, isCode, frame }) => {
      return {
        rule,
        class: kind,
        place: `${line}:${column}`,
        api,
        why: reason,
        how: suggestion,
        isCode,
        frame,
      };
    });
  return [...error, ...places];
}

function section({ name, rows }: { name: string; rows: readonly Row[] }): string {
  return `<section data-file="${escape(name)}"><h2>${escape(name)}</h2>
${rows.map((row) => article(row, name)).join("\n")}</section>`;
}

function article(row: Row, file: string): string {
  const kind = row.class === "!" ? "E" : row.class;
  const how = row.isCode ? replacement(row.how) : row.how && `<p class="how">${prose(row.how)}</p>`;
  return `<article data-rule="${escape(row.rule)}" data-class="${escape(row.class)}">
<h3><b class="c${kind}">${escape(row.class)}</b> ${escape(row.rule)} <code>${escape(row.api)}</code> <span title="${escape(file)}">${row.place}</span></h3>
<p>${prose(row.why)}</p>${row.frame ? `<pre>${frame(row.frame)}</pre>` : ""}${how}</article>`;
}

/** The new code of an edit, without the white space around it. */
function replacement(code: string): string {
  const text = code.trim();
  if (text === "") return "";
  return text.includes("\n")
    ? `<p class="how">becomes</p><pre>${escape(text)}</pre>`
    : `<p class="how">becomes <code>${escape(text)}</code></p>`;
}

/** HTML of a text in which backticks enclose code. */
function prose(text: string): string {
  return escape(text).replace(/`([^`]+)`/g, "<code>$1</code>");
}

/** HTML of a code frame with its line highlighted. */
function frame(text: string): string {
  return escape(text)
    .split("\n")
    .map((line) => (line.startsWith("&gt;") ? `<mark> ${line.slice("&gt;".length)}</mark>` : line))
    .join("\n");
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

const style = `
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { max-width: 64rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; }
.facts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; list-style: none; padding: 0; }
.facts strong { font-size: 1.4rem; }
form { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .5rem 1rem; padding: .5rem 0; background: Canvas; }
select, input { font: inherit; max-width: 14rem; } output { opacity: .7; }
section { margin-top: 1.5rem; } [hidden] { display: none; }
h2 { font: 600 1rem ui-monospace, monospace; margin: 0; padding: .3rem .5rem; background: #8883; border-radius: .3rem; overflow-wrap: anywhere; }
article { border-bottom: 1px solid #8884; padding: .6rem .5rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; } h3 code { font-weight: 400; } h3 span { font-weight: 400; opacity: .6; }
p { margin: .2rem 0; } .how { opacity: .8; }
pre { margin: .3rem 0; padding: .4rem .6rem; background: #8881; border-radius: .3rem; overflow: auto; font-size: .85rem; }
pre mark { display: inline-block; min-width: 100%; background: #e3b34140; color: inherit; }
code { font-family: ui-monospace, monospace; font-size: .9em; }
b { display: inline-block; min-width: 1rem; text-align: center; padding: 0 .25rem; border-radius: .3rem; color: white; }
.cS { background: #1a7f37; } .cR { background: #0969da; } .cM { background: #9a6700; } .cX, .cE { background: #cf222e; }
`;

const script = `
const of = (id) => document.getElementById(id);
const sections = [...document.querySelectorAll("section")];
const total = document.querySelectorAll("article").length;
function filter() {
  const [rule, kind, file] = ["rule", "class", "file"].map((id) => of(id).value);
  let shown = 0;
  for (const section of sections) {
    const fits = section.dataset.file.toLowerCase().includes(file.toLowerCase());
    let here = 0;
    for (const each of section.querySelectorAll("article")) {
      each.hidden = !fits || (rule && each.dataset.rule !== rule) || (kind && each.dataset.class !== kind);
      if (!each.hidden) here++;
    }
    section.hidden = here === 0;
    shown += here;
  }
  of("shown").value = shown + " of " + total;
}
document.querySelector("form").addEventListener("input", filter);
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
filter();
`;

import type { Report } from "./summary.ts";

/** The report as one page without anything to load: filters by rule, class and file. */
export function toHtml(report: Report): string {
  const rows = report.results.flatMap((file) => [
    ...(file.error
      ? [
          {
            file: file.file,
            rule: "error",
            class: "!",
            line: 1,
            api: file.error.kind,
            why: file.error.message,
            how: "",
            frame: "",
          },
        ]
      : []),
    ...[...file.edits.filter((edit) => !edit.companion), ...file.review].map((entry) => ({
      file: file.file,
      rule: entry.rule,
      class: entry.class,
      line: entry.line,
      api: entry.api,
      why: entry.reason,
      how: entry.suggestion,
      frame: entry.frame,
    })),
  ]);
  const rules = [...new Set(rows.map((row) => row.rule))].sort();
  const { totals } = report;
  const facts = [
    [totals.files, "files looked at"],
    [report.migrated, report.written ? "files changed" : "files to change"],
    [totals.references, "references"],
    [totals.edits, "edits"],
    [totals.marks, "for a person"],
    [report.errors, "errors"],
  ];
  const body = rows
    .map(
      (
        row,
      ) => `<article data-rule="${escape(row.rule)}" data-class="${escape(row.class)}" data-file="${escape(row.file)}">
<h2><b class="c${row.class === "!" ? "E" : row.class}">${escape(row.class)}</b> ${escape(row.rule)} <code>${escape(row.api)}</code></h2>
<p class="at">${escape(row.file)}:${row.line}</p><p>${escape(row.why)}</p>${row.how ? `<p><code>${escape(row.how)}</code></p>` : ""}${row.frame ? `<pre>${escape(row.frame)}</pre>` : ""}</article>`,
    )
    .join("\n");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Migration: ${escape(report.engine)}</title>
<style>${style}</style>
<h1>Migration: ${escape(report.engine)}</h1>
<ul class="facts">${facts.map(([count, name]) => `<li><strong>${count}</strong> ${name}</li>`).join("")}</ul>
<form><label>Rule <select id="rule"><option value="">all</option>${rules.map((rule) => `<option>${escape(rule)}</option>`).join("")}</select></label>
<label>Class <select id="class"><option value="">all</option><option>S</option><option>R</option><option>M</option><option>X</option><option>!</option></select></label>
<label>File <input id="file" type="search" placeholder="part of the path"></label> <output id="shown"></output></form>
<main>${body}</main>
<script>${script}</script>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
.facts { display: flex; flex-wrap: wrap; gap: 1.5rem; list-style: none; padding: 0; }
.facts strong { font-size: 1.5rem; }
form { position: sticky; top: 0; display: flex; flex-wrap: wrap; gap: 1rem; padding: .5rem 0; background: Canvas; }
article { border-top: 1px solid #8886; padding: .5rem 0; }
article[hidden] { display: none; }
h2 { font-size: 1rem; margin: 0; } p { margin: .25rem 0; } .at { opacity: .7; }
pre { background: #8882; padding: .5rem; overflow: auto; }
b { padding: 0 .4rem; border-radius: .3rem; color: white; }
.cS { background: #1a7f37; } .cR { background: #0969da; } .cM { background: #9a6700; } .cX, .cE { background: #cf222e; }
`;

const script = `
const of = (id) => document.getElementById(id);
const all = [...document.querySelectorAll("article")];
function filter() {
  let shown = 0;
  for (const each of all) {
    const { rule, file } = each.dataset;
    const fits = (!of("rule").value || rule === of("rule").value)
      && (!of("class").value || each.dataset.class === of("class").value)
      && file.toLowerCase().includes(of("file").value.toLowerCase());
    each.hidden = !fits;
    if (fits) shown++;
  }
  of("shown").value = shown + " of " + all.length;
}
document.querySelector("form").addEventListener("input", filter);
filter();
`;

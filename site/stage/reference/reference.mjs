// Writes the API reference as Markdown, with TypeDoc. A warning of TypeDoc is an error.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { root } from "../links.mjs";
import { readChapters } from "./chapters.mjs";
import { core, isIntegration, readEntries } from "./entries.mjs";

/** @import { DeclarationReflection, ProjectReflection } from "typedoc" */

/** @param {string} target the folder of the pages */
export async function writeReference(target) {
  const entries = readEntries();
  const app = await Application.bootstrapWithPlugins({
    plugin: ["typedoc-plugin-markdown", fileURLToPath(new URL("plugin.mjs", import.meta.url))],
    tsconfig: fileURLToPath(new URL("tsconfig.json", import.meta.url)),
    basePath: root,
    displayBasePath: root,
    entryPoints: entries.map(({ source }) => root + source),
    // `npm run types` checks the types.
    skipErrorChecking: true,
    excludeExternals: true,
    excludeInternal: true,
    excludePrivate: true,
    disableGit: true,
    sourceLinkTemplate: "https://github.com/hotherio/cancelable/blob/main/{path}#L{line}",
    treatWarningsAsErrors: true,
    readme: "none",
    sort: ["source-order"],
    groupOrder: ["*"],
    logLevel: "Warn",
    outputs: [{ name: "markdown", path: target }],
    router: "entry",
    entryFileName: "index",
    excludeGroups: true,
    hideBreadcrumbs: true,
    hidePageHeader: true,
    parametersFormat: "table",
    useHTMLEncodedBrackets: true,
    sanitizeComments: true,
    // Names that are also headings, for example `extends`, would clash without a prefix.
    anchorPrefix: "api-",
    useCustomAnchors: true,
    customAnchorsFormat: "curlyBrace",
    pageTitleTemplates: {
      module: ({ name }) => name,
      member: ({ rawName, kind }) => rawName.replace(/\\?[<(].*/, "") + (kind === "Function" ? "()" : ""),
    },
  });
  const project = await app.convert();
  if (project === undefined) throw new Error("TypeDoc could not read the sources");
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error("TypeDoc has complaints");
  rmSync(target, { recursive: true, force: true });
  await app.generateOutputs(project);
  if (app.logger.hasWarnings()) throw new Error("TypeDoc has complaints");
  writeIndexes(project, target);
  // TypeDoc's own list of the core: the chapters replace it.
  rmSync(`${target}core.md`);
}

/**
 * Writes the list of all entries, and the list of the names of the core by chapters.
 *
 * @param {ProjectReflection} project
 * @param {string} target
 */
function writeIndexes(project, target) {
  const modules = new Map(project.children?.map((module) => [module.name, module]));
  const line = (/** @type {DeclarationReflection} */ child, /** @type {string} */ page) => {
    const summary = summaryOf(child);
    return `- [\`${child.name}\`](${page})${summary === "" ? "" : `: ${summary}`}`;
  };
  const members = new Map(modules.get(core)?.children?.map((child) => [child.name, child]));
  const chapters = readChapters();
  for (const { title, folder, names } of chapters) {
    const lines = names.flatMap(({ name, page }) => {
      const member = members.get(name);
      return member === undefined || !existsSync(`${target}${page}.md`)
        ? []
        : [line(member, `${page.slice(folder.length + 1)}.md`)];
    });
    const intro = `From the entry \`${core}\`.`;
    writeFileSync(`${target}${folder}/index.md`, `# ${title}\n\n${intro}\n\n${lines.join("\n")}\n`);
  }
  const row = (/** @type {string} */ text, /** @type {string} */ page, /** @type {string[]} */ names) =>
    `| [${text}](${page}.md) | ${names.join(", ")} |`;
  const entryRow = (/** @type {{ name: string, page: string }} */ { name, page }) => {
    const names = (modules.get(name)?.children ?? []).map((child) => `\`${child.name}\``);
    return row(`\`${name}\``, page, names);
  };
  const linkTo = (/** @type {{ name: string, page: string }} */ { name, page }) =>
    existsSync(`${target}${page}.md`) ? `[\`${name}\`](${page}.md)` : `\`${name}\``;
  const table = (/** @type {string} */ head, /** @type {string[]} */ rows) =>
    [`| ${head} | names |`, "| --- | --- |", ...rows].join("\n");
  const others = readEntries().filter(({ name }) => name !== core);
  writeFileSync(
    `${target}index.md`,
    [
      "# API reference",
      "Every public name of every package, made from the sources.",
      `## ${core}`,
      "The names of the core have a page each.",
      table(
        "chapter",
        chapters.map(({ title, folder, names }) => row(title, `${folder}/index`, names.map(linkTo))),
      ),
      "## Other entries",
      table("entry", others.filter((entry) => !isIntegration(entry)).map(entryRow)),
      "## Integrations",
      table("entry", others.filter(isIntegration).map(entryRow)),
      "",
    ].join("\n\n"),
  );
}

/** The first sentence of the description. */
function summaryOf(/** @type {DeclarationReflection} */ child) {
  const comment = child.comment ?? child.signatures?.[0]?.comment ?? child.getSignature?.comment;
  const text = (comment?.summary ?? [])
    .map((part) => (part.kind === "inline-tag" ? `\`${part.text}\`` : part.text))
    .join("");
  return (/^[\s\S]*?[.:](?=\s|$)/.exec(text)?.[0] ?? text).replaceAll("\n", " ").replace(/:$/, ".").trim();
}

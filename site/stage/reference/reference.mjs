// Writes the API reference as Markdown, with TypeDoc. A warning of TypeDoc is an error.
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Application } from "typedoc";
import { readChapters } from "./chapters.mjs";
import { core, readEntries } from "./entries.mjs";

/** @import { DeclarationReflection, ProjectReflection } from "typedoc" */

const root = fileURLToPath(new URL("../../../", import.meta.url));

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
  const chapters = readChapters().map(({ title, names }) => {
    const lines = names.flatMap(({ name, page }) => {
      const member = members.get(name);
      return member === undefined || !existsSync(`${target}${page}.md`)
        ? []
        : [line(member, page.replace("core/", "") + ".md")];
    });
    return `## ${title}\n\n${lines.join("\n")}\n`;
  });
  const intro = `The names of \`${core}\`, in the chapters of its entry. [The other entries](../index.md) have a page each.`;
  writeFileSync(`${target}core/index.md`, [`# ${core}\n`, `${intro}\n`, ...chapters].join("\n"));

  const entries = readEntries().map(({ name, page }) => {
    const names = (modules.get(name)?.children ?? []).map((child) => `\`${child.name}\``);
    const shown = name === core ? `${names.length} names in ${chapters.length} chapters` : names.join(", ");
    return `| [\`${name}\`](${page}.md) | ${shown} |`;
  });
  writeFileSync(
    `${target}index.md`,
    [
      "# API reference\n",
      "Every public name of every package, made from the sources. The names of the core have a page each, in chapters.\n",
      ["| entry | names |", "| --- | --- |", ...entries].join("\n"),
      "",
    ].join("\n"),
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

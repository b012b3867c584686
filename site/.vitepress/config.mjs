import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { base, linkOf, navigation } from "../navigation.mjs";
import { editLinkOf, root } from "../stage/links.mjs";
import { referenceSidebars } from "../stage/reference/sidebar.mjs";
import { writeForModels } from "./for-models.mjs";
import { boostDocument, words } from "./search.mjs";

const staged = fileURLToPath(new URL("../pages/", import.meta.url));
const exists = (/** @type {string} */ path) => existsSync(`${staged}${path}.md`);

/** The entries of the sidebar. A page that is not written yet is left out: check/navigation.mjs complains about it. */
const sidebar = navigation.map(({ title, pages }, index) => ({
  text: title,
  collapsed: index > 1,
  items: pages
    .filter(({ path }) => exists(path))
    .map(({ title: text, path }) => ({ text, link: linkOf(path) })),
}));

const description =
  "Cancellation and structured concurrency for plain async/await in TypeScript and JavaScript: stop async work, know that it has stopped, and know why.";

export default defineConfig({
  srcDir: "pages",
  base,
  lang: "en",
  title: "@hother/cancelable",
  titleTemplate: ":title · @hother/cancelable",
  description,
  cleanUrls: true,
  // The data that all pages share is in one file, and not in every page.
  metaChunk: true,
  // check/links.mjs checks all links of the built pages, with their anchors.
  ignoreDeadLinks: true,
  head: [["link", { rel: "icon", type: "image/svg+xml", href: `${base}icon.svg` }]],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    // The anchors of GitHub, so that a link works in both places.
    anchor: {
      slugify: (text) =>
        text
          .trim()
          .toLowerCase()
          .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
          .replaceAll(" ", "-"),
    },
    // A table scrolls inside itself on a phone, and by keyboard.
    config: (md) => {
      md.renderer.rules.table_open = (_tokens, _index, _options, env) => {
        env.tables = (env.tables ?? 0) + 1;
        return `<div class="table" tabindex="0" role="region" aria-label="Table ${env.tables}"><table>\n`;
      };
      md.renderer.rules.table_close = () => "</table></div>\n";
    },
  },
  themeConfig: {
    logo: "/icon.svg",
    siteTitle: "cancelable",
    nav: [
      { text: "Start", link: "/start", activeMatch: "^/(start|which-one)" },
      { text: "Concepts", link: "/concepts/tree", activeMatch: "^/concepts/" },
      { text: "How do I …", link: "/how/limit-time", activeMatch: "^/how/" },
      { text: "Integrations", link: "/integrations/", activeMatch: "^/integrations/" },
      { text: "Playground", link: "/playground" },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
    ].filter(({ link }) => exists(link.slice(1).replace(/\/$/, "/index"))),
    sidebar: { ...referenceSidebars(staged), "/": sidebar },
    outline: { level: [2, 3], label: "On this page" },
    socialLinks: [{ icon: "github", link: "https://github.com/hotherio/cancelable" }],
    editLink: {
      pattern: editLinkOf("docs/:path"),
      text: "Edit this page",
    },
    externalLinkIcon: true,
    footer: { message: "MIT licence" },
    search: {
      provider: "local",
      options: {
        detailedView: false,
        miniSearch: {
          searchOptions: { boost: { title: 4, titles: 2, text: 1 }, boostDocument },
        },
        // Of the reference, only the first two levels of headings are indexed.
        _render: (source, env, md) => {
          const html = md.render(source, env);
          if (env.frontmatter?.search === false) return "";
          if (env.relativePath.startsWith("reference/"))
            return (html.match(/<h[12] [\s\S]*?<\/h[12]>/g) ?? []).join("\n");
          const found = words[env.relativePath.replace(/\.md$/, "")] ?? [];
          return html.replace("</h1>", `</h1><p>${found.join(" ")}</p>`);
        },
      },
    },
  },
  vite: {
    build: { chunkSizeWarningLimit: 2000 },
    resolve: {
      alias: [
        ["VPHome", "Home"],
        ["VPSidebarItem", "SidebarItem"],
        ["VPNavBarSearchButton", "SearchButton"],
        ["NotFound", "NotFound"],
      ].map(([theirs, ours]) => ({
        find: new RegExp(`^\\.{1,2}/(?:components/)?${theirs}\\.vue$`),
        replacement: fileURLToPath(new URL(`theme/${ours}.vue`, import.meta.url)),
      })),
    },
  },
  // Only a page of docs/ has a file that a reader can edit.
  transformPageData: (page) => {
    if (!existsSync(`${root}docs/${page.relativePath}`)) page.frontmatter.editLink = false;
  },
  buildEnd: ({ outDir }) => writeForModels(staged, outDir),
});

import { fileURLToPath } from "node:url";
import type { Plugin } from "vitest/config";

/** Not for browsers, though not modules of Node: they bundle the programs that tests start, and start a browser. */
const others = ["esbuild", "playwright"];
const missing = fileURLToPath(new URL("missing.ts", import.meta.url));

/** Lets test files load whose imports a browser does not have; only the tests that use one are skipped. */
export function substituteNodeModules(): Plugin {
  return {
    name: "substitute-node-modules",
    enforce: "pre",
    resolveId(id) {
      return id.startsWith("node:") || others.includes(id) ? `\0missing:${id}` : undefined;
    },
    async load(id) {
      if (!id.startsWith("\0missing:")) return undefined;
      const name = id.slice("\0missing:".length);
      const names = Object.keys(await import(name)).filter((key) => /^\w+$/.test(key) && key !== "default");
      return [
        `import { missing } from ${JSON.stringify(missing)};`,
        `const substitute = missing(${JSON.stringify(name)});`,
        ...names.map((key) => `export const ${key} = substitute;`),
        "export default substitute;",
      ].join("\n");
    },
  };
}

// A Vite plugin for the tests in a browser: `node:` modules load, and a test that uses one is skipped.

/** A test file imports `node:` modules for some of its tests only; the others shall run. */
export function nodeModulesSkipTests() {
  return {
    name: "node-modules-skip-tests",
    enforce: "pre",
    resolveId: (id) => (id.startsWith("node:") || id === "esbuild" ? `\0${id}` : undefined),
    async load(id) {
      if (!id.startsWith("\0node:") && id !== "\0esbuild") return;
      const name = id.slice(1);
      const names = Object.keys(await import(name)).filter((key) => key !== "default" && key !== "module.exports");
      return `import { missing } from "/tools/hosts/missing.ts";
        const get = missing(${JSON.stringify(name)});
        ${names.map((key) => `export const ${key} = get;`).join("\n")}
        export default get;`;
    },
  };
}

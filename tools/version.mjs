// Makes the next version from the files in .changeset/: all packages get it, and the texts go into the changelog at the root.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file) => readFileSync(`${root}${file}`, "utf8");
const manifests = readdirSync(`${root}packages`).map((name) => `packages/${name}/package.json`);
const packages = manifests.map((file) => JSON.parse(read(file)));
const names = new Set(packages.map(({ name }) => name));

/** The texts of the files, without their heads. */
const texts = readdirSync(`${root}.changeset`)
  .filter((name) => name.endsWith(".md") && name !== "README.md")
  .map((name) =>
    read(`.changeset/${name}`)
      .replace(/^---\n[^]*?\n---\n/, "")
      .trim(),
  );
if (texts.length === 0) throw new Error(".changeset/ has no change");

const kinds = ["dependencies", "peerDependencies", "devDependencies"];

/** Writes the manifests as they were, with the fields that `change` returns. */
function writeManifests(change) {
  for (const [index, file] of manifests.entries()) {
    const manifest = { ...packages[index], ...change(packages[index], JSON.parse(read(file))) };
    writeFileSync(`${root}${file}`, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}

/** The dependencies of a package, those on other packages of the repository with the range that `range` returns. */
const dependencies = (manifest, range) =>
  Object.fromEntries(
    kinds
      .filter((kind) => manifest[kind] !== undefined)
      .map((kind) => [
        kind,
        Object.fromEntries(
          Object.entries(manifest[kind]).flatMap(([name, old]) => {
            const next = names.has(name) ? range : old;
            return next === undefined ? [] : [[name, next]];
          }),
        ),
      ]),
  );

// Changesets makes 1.0.0 of a package whose peer has a new minor version, so it does not see the peers.
writeManifests((manifest) => dependencies(manifest, undefined));
try {
  execFileSync("npx", ["changeset", "version"], { cwd: root, stdio: "inherit" });
} finally {
  writeManifests((manifest, { version }) => ({ version, ...dependencies(manifest, version) }));
}

const { version } = JSON.parse(read("packages/cancelable/package.json"));
const copy = "packages/cancelable/src/copy.ts";
writeFileSync(`${root}${copy}`, read(copy).replace(/(const version = )"[^"]+"/, `$1"${version}"`));

const [head, ...versions] = read("CHANGELOG.md").split(/^(?=## )/m);
writeFileSync(
  `${root}CHANGELOG.md`,
  [head, `## ${version}\n\n${texts.join("\n\n")}\n\n`, ...versions].join(""),
);
execFileSync("npm", ["install", "--package-lock-only", "--no-audit", "--no-fund"], {
  cwd: root,
  stdio: "inherit",
});

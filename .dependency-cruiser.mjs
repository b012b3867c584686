// The order of the layers of the core, from the bottom up, and who may import what. `npm run lint` checks it, types
// included. A file imports from its own layer and from the layers before it.
const layers = [
  ["duration.ts", "usage-error.ts", "arguments.ts", "known-options.ts", "place.ts", "copy.ts", "realms.ts"],
  ["platform/"],
  [
    "default-message.ts",
    "errors.ts",
    "lag-error.ts",
    "absorb.ts",
    "is-cancellation.ts",
    "with-cause.ts",
    "cancellation-of.ts",
    "reporter.ts",
    "guard-callback.ts",
  ],
  ["runtime/"],
  ["token/"],
  ["scope/"],
  ["flow/", "sync/", "sources/"],
  ["operation/"],
  [
    "streams/reading/",
    "streams/chunk.ts",
    "streams/merge.ts",
    "streams/operation-stream.ts",
    "flow/all.ts",
    "flow/as-completed.ts",
    "flow/in-group.ts",
    "flow/map-settled.ts",
    "flow/map-stream.ts",
    "flow/map.ts",
    "flow/pulling.ts",
    "flow/result-stream.ts",
    "flow/task-items.ts",
  ],
  ["cancellable.ts"],
  ["streams/", "wrap/", "backends/", "registry/"],
  ["extending/", "inspect/", "testing/", "logging/", "calls/", "process/", "threads/"],
  ["index.ts"],
];

const core = "^packages/cancelable/src/";
const escape = (text) => text.replace(/[.]/g, "\\.");
/** Files of these places; a place with a longer name belongs to the layer that names it. */
const pathOf = (places) => `${core}(?:${places.map(escape).join("|")})`;
const inOtherLayers = (own) =>
  layers
    .flat()
    .filter((place) => !own.includes(place) && own.some((mine) => place.startsWith(mine)))
    .map((place) => `${core}${escape(place)}`);

const layering = layers.flatMap((places, index) => {
  const above = layers.slice(index + 1).flat();
  if (above.length === 0) return [];
  const isException = (place) => places.some((mine) => mine.startsWith(place));
  return [
    {
      name: `above-${places[0].replace(/\W/g, "-")}`,
      comment: `${places.join(", ")} may not import a layer above`,
      severity: "error",
      from: { path: pathOf(places), pathNot: inOtherLayers(places) },
      to: {
        path: pathOf(above),
        // A folder above may contain places of this layer and of layers below.
        pathNot: layers
          .slice(0, index + 1)
          .flat()
          .filter((place) => above.some((folder) => place.startsWith(folder)) || isException(place))
          .map((place) => `${core}${escape(place)}`),
      },
    },
  ];
});

export default {
  forbidden: [
    { name: "no-circle", comment: "Types included", severity: "error", from: {}, to: { circular: true } },
    ...layering,
    {
      name: "in-a-layer",
      comment: "A new file of the core belongs to a layer: name it above",
      severity: "error",
      from: { path: core },
      to: { path: core, pathNot: [pathOf(layers.flat())] },
    },
    {
      name: "node-only-in-platform",
      comment: "Only platform/*.node.ts imports modules of the host",
      severity: "error",
      from: { path: core, pathNot: `${core}platform/[^/]+\\.node\\.ts$` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "packages-by-name",
      comment: "A package imports another one by its name, never by a path",
      severity: "error",
      from: { path: "^packages/([^/]+)/src/" },
      to: { path: "^packages/([^/]+)/", pathNot: "^packages/$1/", dependencyTypes: ["local"] },
    },
    {
      name: "integrations-apart",
      comment:
        "An integration imports its own folder, the shared folders and the clients fetch/ and pg/, so that no program loads what it does not use",
      severity: "error",
      from: {
        path: "^packages/integrations/src/([^/]+)/",
        pathNot: "^packages/integrations/src/(?:scope|http|database|model)/",
      },
      to: {
        path: "^packages/integrations/src/([^/]+)/",
        pathNot: "^packages/integrations/src/(?:scope|http|database|model|fetch|pg|$1)/",
      },
    },
    {
      name: "shared-below-integrations",
      comment: "The shared files know no integration",
      severity: "error",
      from: { path: "^packages/integrations/src/(scope|http|database)/" },
      to: { path: "^packages/integrations/src/", pathNot: "^packages/integrations/src/(?:scope|$1)/" },
    },
    {
      name: "models-below-integrations",
      comment: "The shared files of the clients of models make requests, and know no integration",
      severity: "error",
      from: { path: "^packages/integrations/src/model/" },
      to: {
        path: "^packages/integrations/src/",
        pathNot: "^packages/integrations/src/(?:scope|http|model)/",
      },
    },
    {
      name: "core-alone",
      comment: "The core depends on no package",
      severity: "error",
      from: { path: core },
      to: { dependencyTypes: ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown"] },
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules|dist" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "node", "types", "import", "default"],
      extensions: [".ts", ".js", ".mjs"],
    },
  },
};

import type { EngineOptions } from "@hother/cancelable-migrate/engine";

/** Reads `# options: structural anyio=4.14 python=3.9` from the first line of a fixture. */
export function fixtureOptions(text: string): EngineOptions {
  const words = /^\uFEFF?# options: (.*)/.exec(text)?.[1]?.trim().split(" ") ?? [];
  const value = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const anyioMin = value("anyio");
  const pythonMin = value("python");
  return {
    structural: words.includes("structural"),
    ...(anyioMin === undefined ? {} : { anyioMin }),
    ...(pythonMin === undefined ? {} : { pythonMin }),
  };
}

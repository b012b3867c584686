import { readFileSync } from "node:fs";
import type { Engine, EngineOptions } from "./engine.ts";
import type { FileResult } from "./results.ts";

/** An option of the command line that only one engine has. */
export interface ToolOption {
  /** As commander writes it: `--anyio-min <version>`. The engine gets the value under the camel-case name. */
  readonly flags: string;
  readonly description: string;
  /** Checks and converts the value; throws an Error whose message is shown. Default: the value as it is. */
  parse?(value: string): unknown;
}

/** A command-line tool: an engine with a name, a version and options of its own. */
export interface Tool {
  /** The name of the binary. */
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** The word that stands before the paths on the command line, and a usage line. Default: no word. */
  readonly ruleSet?: { readonly name: string; readonly usage: string };
  readonly options: readonly ToolOption[];
  loadEngine(): Promise<Engine>;
  /** The module that a worker thread runs. Its default export is `threadBody(tool)`. */
  readonly worker: URL;
  /** Analyzes files that depend on each other, in one thread; undefined if these options do not need that. */
  analyzeTogether?(paths: readonly string[], options: EngineOptions): AsyncIterable<FileResult> | undefined;
}

/** The version in a package's `package.json`. */
export function versionOf(manifest: URL): string {
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
}

/** A check for {@link ToolOption.parse}: a version such as `4.11`. */
export function dottedVersion(value: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(value)) throw new Error("Give a version such as 4.11.");
  return value;
}

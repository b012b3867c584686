import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import pico from "picocolors";
import { rulesText } from "./list-rules.ts";
import { loadEngine } from "./load-engine.ts";
import type { EngineName, Output, RunOptions } from "./options.ts";
import { run } from "./run.ts";

interface Flags {
  readonly write?: boolean;
  readonly check?: boolean;
  readonly force?: boolean;
  readonly structural?: boolean;
  readonly types?: boolean;
  readonly listRules?: boolean;
  readonly format: "text" | "json" | "sarif";
  readonly report?: ReadonlyArray<string | true>;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly only?: readonly string[];
  readonly anyioMin?: string;
  readonly pythonMin?: string;
  readonly jobs: number;
  readonly color?: boolean;
}

/** The command line; returns the exit code. */
export async function main(argv: readonly string[], output: Output): Promise<number> {
  const program = command(output);
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 3;
    throw error;
  }
  const [name, ...paths] = program.args;
  const flags = program.opts<Flags>();
  if (name !== "promises" && name !== "asyncio")
    return usage(output, `"${name ?? ""}" is no rule set: promises or asyncio.`);
  const engine = await loadEngine(name);
  const names = new Set(engine.rules.map((rule) => rule.name));
  const unknown = flags.only?.find((each) => !names.has(each));
  if (unknown !== undefined)
    return usage(output, `There is no rule "${unknown}" in ${name}; see --list-rules.`);
  if (flags.listRules) {
    output.out(
      flags.format === "json" ? `${JSON.stringify(engine.rules, null, 2)}\n` : rulesText(engine.rules),
    );
    return 0;
  }
  if (paths.length === 0) return usage(output, "No path is given.");
  if (flags.write && flags.check) return usage(output, "--write and --check exclude each other.");
  try {
    return (await run(optionsOf(name, paths, flags), output)).code;
  } catch (error) {
    output.err(`${(error as Error).message}\n`);
    return 3;
  }
}

function usage(output: Output, message: string): number {
  output.err(`${message} See --help.\n`);
  return 3;
}

function optionsOf(engine: EngineName, paths: readonly string[], flags: Flags): RunOptions {
  return {
    engine,
    paths,
    write: flags.write === true,
    check: flags.check === true,
    force: flags.force === true,
    format: flags.format,
    reports: (flags.report ?? []).map((each) => (each === true ? "migration_report.json" : each)),
    include: flags.include,
    exclude: flags.exclude,
    // One checker: each thread would need a program of its own.
    jobs: flags.types ? 1 : flags.jobs,
    color: flags.color ?? pico.isColorSupported,
    rules: {
      structural: flags.structural === true,
      ...(flags.only !== undefined && { only: flags.only }),
      ...(flags.anyioMin !== undefined && { anyioMin: flags.anyioMin }),
      ...(flags.pythonMin !== undefined && { pythonMin: flags.pythonMin }),
      types: flags.types === true,
    },
  };
}

const list = (value: string, before: readonly string[] = []): string[] => [...before, value];
const names = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  ...value
    .split(",")
    .map((each) => each.trim())
    .filter(Boolean),
];

function version(value: string): string {
  if (!/^\d+(\.\d+){0,2}$/.test(value)) throw new InvalidArgumentError("A version such as 4.11.");
  return value;
}

function threads(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError("A whole number of at least 1.");
  return number;
}

function command(output: Output): Command {
  const program = new Command("cancelable-migrate");
  program
    .description(
      "Move code from raw promises to @hother/cancelable, or from asyncio to anyio, by syntax tree.",
    )
    .argument("<rules>", "promises (TypeScript, JavaScript) or asyncio (Python)")
    .argument("[path...]", "files and folders")
    .option("--write", "change the files; the default shows a diff")
    .option("--check", "name the files that need changes, for CI")
    .option("--force", "write also into a git tree with changes that are not committed")
    .option("--structural", "also rewrites of class R, each of which is in the report")
    .option(
      "--report [file]",
      "write a report: .json, .sarif or .html (may be repeated; default migration_report.json)",
      (value: string | true, before: Array<string | true> = []) => [...before, value],
    )
    .addOption(
      new Option("--format <kind>", "what is printed").choices(["text", "json", "sarif"]).default("text"),
    )
    .option("--include <glob>", "only these files, as in .gitignore (may be repeated)", list, [])
    .option("--exclude <glob>", "not these files (may be repeated)", list, [])
    .option("--only <rules>", "only these rules, with commas", names)
    .option("--list-rules", "list the rules")
    .option(
      "--types",
      "ask TypeScript: floating promises, what is a number, what is an AbortSignal (promises)",
    )
    .option("--anyio-min <version>", "oldest anyio to support (asyncio)", version)
    .option("--python-min <version>", "oldest Python to support (asyncio)", version)
    .option("--jobs <n>", "threads", threads, Math.min(availableParallelism(), 8))
    .option("--color", "colours, also where the output is no terminal")
    .option("--no-color", "no colours")
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing to do, 1 changes made or needed, 2 places for a person, 3 errors.",
    )
    .version("0.1.0")
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) });
  return program;
}

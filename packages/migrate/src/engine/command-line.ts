import { availableParallelism } from "node:os";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import pico from "picocolors";
import type { Engine, EngineOptions } from "./engine.ts";
import { rulesText } from "./list-rules.ts";
import { run } from "./run.ts";
import type { Output, RunOptions } from "./run-options.ts";
import type { Tool, ToolOption } from "./tool.ts";

interface Flags {
  readonly write?: boolean;
  readonly check?: boolean;
  readonly force?: boolean;
  readonly structural?: boolean;
  readonly listRules?: boolean;
  readonly format: "text" | "json" | "sarif";
  readonly report?: ReadonlyArray<string | true>;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly only?: readonly string[];
  readonly jobs: number;
  readonly color?: boolean;
}

/** Runs a tool with these arguments and returns the exit code. */
export async function runCommandLine(tool: Tool, argv: readonly string[], output: Output): Promise<number> {
  const program = command(tool, output);
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 3;
    throw error;
  }
  const flags = program.opts<Flags>();
  const paths = pathsOf(tool, program.args, flags);
  if (paths === undefined)
    return usage(output, `"${program.args[0] ?? ""}" is not a rule set. Usage: ${tool.ruleSet?.usage}`);
  const engine = await tool.loadEngine();
  const names = new Set(engine.rules.map((rule) => rule.name));
  const unknown = flags.only?.find((each) => !names.has(each));
  if (unknown !== undefined) return usage(output, `There is no rule "${unknown}"; see --list-rules.`);
  if (flags.listRules) {
    output.out(
      flags.format === "json" ? `${JSON.stringify(engine.rules, null, 2)}\n` : rulesText(engine.rules),
    );
    return 0;
  }
  if (paths.length === 0) return usage(output, "No path is given.");
  if (flags.write && flags.check) return usage(output, "--write and --check exclude each other.");
  return runWith(tool, engine, optionsOf(tool, paths, flags, program), output);
}

/** Runs a tool as the process that it is: arguments and exit code are the process's. */
export async function runProcess(tool: Tool): Promise<void> {
  // The reader may close the pipe early, as `head` does.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.exitCode = await runCommandLine(tool, process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
  });
}

async function runWith(tool: Tool, engine: Engine, options: RunOptions, output: Output): Promise<number> {
  try {
    return (await run(tool, engine, options, output)).code;
  } catch (error) {
    output.err(`${(error as Error).message}\n`);
    return 3;
  }
}

function usage(output: Output, message: string): number {
  output.err(`${message} See --help.\n`);
  return 3;
}

/** The arguments after the word for the rule set; undefined when that word is missing or another one. */
function pathsOf({ ruleSet }: Tool, args: readonly string[], flags: Flags): readonly string[] | undefined {
  if (ruleSet === undefined) return args;
  const [name, ...paths] = args;
  if (name === undefined && flags.listRules) return paths;
  return name === ruleSet.name ? paths : undefined;
}

function optionsOf(tool: Tool, paths: readonly string[], flags: Flags, program: Command): RunOptions {
  const own = new Set(tool.options.map((option) => new Option(option.flags).attributeName()));
  const rules: EngineOptions = {
    ...Object.fromEntries(Object.entries(program.opts()).filter(([name]) => own.has(name))),
    structural: flags.structural === true,
    ...(flags.only !== undefined && { only: flags.only }),
  };
  return {
    paths,
    write: flags.write === true,
    check: flags.check === true,
    force: flags.force === true,
    format: flags.format,
    reports: (flags.report ?? []).map((each) => (each === true ? "migration_report.json" : each)),
    include: flags.include,
    exclude: flags.exclude,
    jobs: flags.jobs,
    color: flags.color ?? pico.isColorSupported,
    rules,
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

function threads(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError("Give a whole number of at least 1.");
  return number;
}

function command(tool: Tool, output: Output): Command {
  const program = new Command(tool.name).description(tool.description);
  if (tool.ruleSet !== undefined) program.argument("[rules]", tool.ruleSet.name);
  program
    .argument("[path...]", "files and folders")
    .option("--write", "change the files; the default shows a diff")
    .option("--check", "list the files that need changes, for CI")
    .option("--force", "write into a git tree with uncommitted changes too")
    .option("--structural", "make rewrites of class R too; the report lists each")
    .option(
      "--report [file]",
      "write a report: .json, .sarif or .html (repeatable; default migration_report.json)",
      (value: string | true, before: Array<string | true> = []) => [...before, value],
    )
    .addOption(
      new Option("--format <kind>", "the output format").choices(["text", "json", "sarif"]).default("text"),
    )
    .option("--include <glob>", "only these files, in the syntax of .gitignore (repeatable)", list, [])
    .option("--exclude <glob>", "not these files (repeatable)", list, [])
    .option("--only <rules>", "only these rules, separated by commas", names)
    .option("--list-rules", "list the rules");
  for (const option of tool.options) program.addOption(ownOption(option));
  return program
    .option("--jobs <n>", "the number of threads", threads, Math.min(availableParallelism(), 8))
    .option("--color", "print colours even if the output is not a terminal")
    .option("--no-color", "print no colours")
    .addHelpText(
      "after",
      "\nExit codes: 0 nothing to do, 1 changes made or needed, 2 places left for review, 3 errors.",
    )
    .version(tool.version)
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.out(text), writeErr: (text) => output.err(text) });
}

function ownOption({ flags, description, parse }: ToolOption): Option {
  const option = new Option(flags, description);
  if (parse === undefined) return option;
  return option.argParser((value) => {
    try {
      return parse(value);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  });
}

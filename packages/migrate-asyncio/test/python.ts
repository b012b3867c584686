import { spawnSync } from "node:child_process";

/** The output of `python3`, or undefined if it is not installed. */
export function python(args: readonly string[], input = "", command = "python3"): string | undefined {
  const result = spawnSync(command, args, { input, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.error !== undefined) return undefined;
  if (result.status !== 0) throw new Error(`python3 ${args[0]}: ${result.stderr}`);
  return result.stdout;
}

/** Whether Python is installed. Tests that need it are skipped otherwise. */
export const hasPython: boolean = spawnSync("python3", ["--version"]).status === 0;

/** The command of a Python with anyio and trio, or undefined. */
export const pythonWithAnyio: string | undefined = ["python3", "/usr/bin/python3"].find(
  (command) => spawnSync(command, ["-c", "import anyio, trio"]).status === 0,
);

const compiler = `
import json, sys
for path in json.load(sys.stdin):
    try:
        compile(open(path, "rb").read(), path, "exec")
    except SyntaxError as error:
        print(path, error)
`;

/** The syntax errors that `compile()` finds in these files. */
export function compileErrors(paths: readonly string[]): string {
  return python(["-W", "ignore", "-c", compiler], JSON.stringify(paths)) ?? "";
}

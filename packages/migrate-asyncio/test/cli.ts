import { runTool } from "../../migrate/test/support/project.ts";
import { asyncioTool } from "../src/tool.ts";

/** Runs the command line in this process. */
export function cli(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  return runTool(asyncioTool, argv);
}

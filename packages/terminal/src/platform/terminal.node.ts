import type { Display } from "../display.ts";
import { Screen } from "../screen.ts";
import type { TerminalStream } from "../stream.ts";

export function standardOutput(): TerminalStream {
  return process.stdout;
}

/**
 * The tree on a terminal; `undefined` if the terminal cannot move its cursor (`TERM=dumb`).
 *
 * @param colour Default: true, unless the environment has `NO_COLOR` (https://no-color.org).
 */
export function openScreen(
  stream: TerminalStream,
  width: number,
  colour: boolean | undefined,
): Display | undefined {
  if (process.env.TERM === "dumb") return undefined;
  return new Screen(stream, width, colour ?? !process.env.NO_COLOR);
}

import { isDropped, isInFinally } from "./dropped-call.ts";
import type { SourceFile } from "./source-file.ts";
import type { Syntax } from "./syntax.ts";

/** The change in behaviour of every sleep, for the report. */
export const cancellable =
  "The sleep becomes cancellable: it rejects when the operation around it is cancelled or has ended.";

/** The further change in behaviour at places that may run in a cancelled or ended operation. */
export function placeChange(file: SourceFile, node: Syntax): string {
  if (isInFinally(node)) return " In the finally block of a cancelled operation, it rejects at once.";
  if (isDropped(file, node))
    return " The code around it is started without waiting for its end. In an operation, it stops when the operation ends; before, it continued.";
  return "";
}

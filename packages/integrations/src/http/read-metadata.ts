import { report } from "@hother/cancelable";
import { invalidType } from "@hother/cancelable/extending";

/**
 * The result of the option `metadata` for one request or connection. The option is code of the user: its error, and a result
 * that is no object, go to the reporter, and the operation runs without metadata.
 *
 * @param read The option.
 */
export function readMetadata<T>(
  read: (source: T) => Record<string, unknown>,
  source: T,
): Record<string, unknown> | undefined {
  try {
    const metadata = read(source);
    if (typeof metadata !== "object" || metadata === null)
      throw invalidType("the result of options.metadata", "an object", metadata);
    return { ...metadata };
  } catch (error) {
    report(error, "options.metadata");
    return undefined;
  }
}

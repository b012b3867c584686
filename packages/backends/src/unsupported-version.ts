import { UsageError } from "@hother/cancelable";

/**
 * The error for an installed version of a library that lacks internals which its backend needs.
 *
 * @param name The name of the library and of its backend.
 * @param missing The missing internals, in words.
 */
export function unsupportedVersion(name: string, missing: readonly string[]): UsageError {
  return new UsageError(
    "ERR_UNKNOWN_BACKEND",
    `"${name}"`,
    `the installed version of ${name} has no ${missing.join(" and no ")}; install ${name} 4.1`,
  );
}

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/**
 * The path of a program that Debian brings. Installs its package if it is missing, this process is that of root, and
 * there is an `apt-get`.
 *
 * @returns the path, or undefined with the reason printed: the tests that need the program are then skipped.
 */
export function debianProgram(path: string, packageName: string): string | undefined {
  if (existsSync(path)) return path;
  try {
    // Waits for another process that installs a package.
    const options = ["-qq", "-o", "DPkg::Lock::Timeout=120"];
    execFileSync("apt-get", ["update", ...options], { stdio: "pipe" });
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", ...options, packageName], {
      stdio: "pipe",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (existsSync(path)) return path;
    console.log(`skipped: the package ${packageName} has no ${path}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    console.log(`skipped: the package ${packageName} of Debian cannot be installed: ${reason}`);
  }
  return undefined;
}

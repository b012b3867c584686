/** Whether a dotted version is `least` or newer: `4.14.2` is at least `4.11`. */
export function atLeast(version: string, least: string): boolean {
  const have = version.split(".").map(Number);
  const want = least.split(".").map(Number);
  for (let index = 0; index < want.length; index++) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

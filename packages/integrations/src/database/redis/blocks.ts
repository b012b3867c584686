const blocking = new Set(
  "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMOVEM BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF".split(" "),
);
const withOption = new Set(["XREAD", "XREADGROUP"]);

/** Whether the server may hold the answer to this command back. Names are bytes or text, in any case. */
export function blocks(name: unknown, args: readonly unknown[]): boolean {
  const word = String(name).toUpperCase();
  if (blocking.has(word)) return true;
  if (!withOption.has(word)) return false;
  for (const arg of args) {
    const option = String(arg).toUpperCase();
    if (option === "BLOCK") return true;
    if (option === "STREAMS") return false;
  }
  return false;
}

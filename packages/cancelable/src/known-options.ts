import { requireOptions } from "./arguments.ts";

/** The names of the options in `T`. An option that is added to the type must be added here too. */
export type KnownOptions<T> = Readonly<Record<keyof T, 1>>;

/** Options of an operation that a plain scope does not have. */
const ofOperations = "signals condition resources id metadata register grace progressFrom progressWeight";

/** Names that other libraries use, and that look different from the name here. */
const otherNames: Readonly<Record<string, string>> = {
  conditionInterval: "condition.interval",
  predicate: "condition",
  detached: "parent",
  label: "name",
  ms: "milliseconds timeout",
  min: "minutes",
  limit: "concurrency",
  retries: "attempts",
};

/**
 * Requires an object, or undefined, that has no option except those in `known`. An option with a wrong name would
 * otherwise be ignored, and the limit that it asks for would be missing without a sign.
 *
 * @param of The function or class that takes the options.
 * @param kind The word for a name in the message.
 */
export function requireKnownOptions(
  options: unknown,
  known: Readonly<Record<string, 1>>,
  of: string,
  argument = "options",
  kind = "option",
): void {
  if (options === undefined) return;
  requireOptions(options, argument);
  for (const name in options as object) {
    if (known[name] !== 1 && Object.hasOwn(options as object, name))
      throw unknownOption(name, known, { of, argument, kind });
  }
}

function unknownOption(
  name: string,
  known: Readonly<Record<string, 1>>,
  { of, argument, kind }: { readonly of: string; readonly argument: string; readonly kind: string },
): TypeError {
  const names = Object.keys(known);
  const article = kind === "option" ? "an" : "a";
  const nearest = nearestName(name, names);
  const advice =
    known.timeout === 1 && ofOperations.split(" ").includes(name)
      ? "it is an option of Cancellable"
      : nearest === undefined
        ? `the ${kind}s are ${names.join(", ")}`
        : `did you mean ${nearest}?`;
  return Object.assign(new TypeError(`${argument}.${name} is not ${article} ${kind} of ${of}; ${advice}`), {
    code: "ERR_UNKNOWN_OPTION",
  });
}

function nearestName(name: string, known: readonly string[]): string | undefined {
  const others = Object.hasOwn(otherNames, name) ? (otherNames[name] as string).split(" ") : [];
  const other = others.find((one) => known.includes(one.replace(/\..*/, "")));
  if (other !== undefined) return other;
  const wanted = name.toLowerCase();
  let nearest: string | undefined;
  let least = 3;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    const distance = Math.max(lettersWithout(wanted, lower), lettersWithout(lower, wanted));
    if (distance < least && distance * 2 <= lower.length) {
      least = distance;
      nearest = candidate;
    }
  }
  // `abortSignal` contains `signal`.
  return (
    nearest ?? known.find((candidate) => candidate.length > 3 && wanted.includes(candidate.toLowerCase()))
  );
}

/** The number of letters of `word` that `other` does not have, in any order. */
function lettersWithout(word: string, other: string): number {
  let rest = other;
  let count = 0;
  for (const letter of word) {
    const shorter = rest.replace(letter, "");
    if (shorter === rest) count++;
    rest = shorter;
  }
  return count;
}

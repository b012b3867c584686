/** The command line of the soak. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const usage = "npm run soak -- [--minutes 30] [--seed 1] [--out soak.svg]";

/** In minutes: the shortest soak with enough samples to tell a slope from noise, and the longest, a week. */
const [shortest, longest] = [2, 7 * 24 * 60];
const largestSeed = 2 ** 32 - 1;

/**
 * @param {string[]} argv
 * @throws {TypeError} for an unknown or incomplete option
 * @throws {RangeError} with the argument, its value, and the expected values
 */
export function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      minutes: { type: "string", default: "5" },
      seed: { type: "string" },
      out: { type: "string" },
    },
  });
  return {
    minutes: toMinutes(values.minutes),
    seed: values.seed === undefined ? Math.floor(Math.random() * largestSeed) : toSeed(values.seed),
    out: values.out === undefined ? fileURLToPath(new URL("soak.svg", import.meta.url)) : toFile(values.out),
  };
}

/** @param {string} text */
function toMinutes(text) {
  const minutes = toNumber(text);
  if (minutes >= shortest && minutes <= longest) return minutes;
  throw refused("minutes", text, `a number from ${shortest} to ${longest}`);
}

/** @param {string} text */
function toSeed(text) {
  const seed = toNumber(text);
  if (Number.isInteger(seed) && seed >= 0 && seed <= largestSeed) return seed;
  throw refused("seed", text, `a whole number from 0 to ${largestSeed}`);
}

/** @param {string} text */
function toFile(text) {
  const file = resolve(text);
  if (!file.endsWith(".svg")) throw refused("out", text, "a file name that ends in .svg");
  if (!existsSync(dirname(file))) throw refused("out", text, "a file in an existing folder");
  return file;
}

/** NaN for text that is not a plain number. `Number` alone would read blanks as 0. @param {string} text */
function toNumber(text) {
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** @param {string} name @param {string} value @param {string} expected */
function refused(name, value, expected) {
  return new RangeError(`--${name} must be ${expected}, got ${JSON.stringify(value)}`);
}

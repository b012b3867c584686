/** The command line of the soak. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const usage = "npm run soak -- [--minutes 30] [--seed 1] [--out soak.svg]";

/** The shortest soak that has enough samples to tell a slope from noise, and the longest: a week. */
const [shortest, longest] = [2, 7 * 24 * 60];
const largestSeed = 2 ** 32 - 1;

/**
 * @param {string[]} argv
 * @throws {TypeError} for an unknown or incomplete option
 * @throws {RangeError} that names the argument, what came, and what was expected
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
  if (!file.endsWith(".svg")) throw refused("out", text, "the name of a file that ends in .svg");
  if (!existsSync(dirname(file))) throw refused("out", text, "a file in a folder that exists");
  return file;
}

/** NaN for what is no plain number: `Number` takes blanks for 0. @param {string} text */
function toNumber(text) {
  return /^[-+]?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}

/** @param {string} name @param {string} came @param {string} expected */
function refused(name, came, expected) {
  return new RangeError(`--${name} must be ${expected}; it was ${JSON.stringify(came)}`);
}

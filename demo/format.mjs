// @ts-check
/*
 * Formats figures and text for the screen.
 */

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** @param {number} count */
export function bytes(count) {
  if (count >= 100_000_000) return `${(count / 1_000_000).toFixed(0)} MB`;
  if (count >= 1_000_000) return `${(count / 1_000_000).toFixed(1)} MB`;
  return `${(count / 1_000).toFixed(0)} kB`;
}

/**
 * Pads the text to exactly `width` characters, or cuts it with an ellipsis.
 *
 * @param {string} text
 * @param {number} width
 */
export function fit(text, width) {
  if (text.length <= width) return text.padEnd(width);
  return width < 1 ? "" : `${text.slice(0, width - 1)}…`;
}

/**
 * Breaks the text at spaces into lines of at most `width` characters. All lines but the first are indented.
 *
 * @param {string} text
 * @param {number} width
 * @param {number} indent
 */
export function wrap(text, width, indent) {
  const lines = [""];
  for (const word of text.split(/(?<=\S) (?=\S)/)) {
    const line = lines[lines.length - 1] ?? "";
    if (line !== "" && line.length + 1 + word.length > width) lines.push(" ".repeat(indent) + word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.join("\n");
}

/** @type {Record<string, string>} */
const colours = { done: "32", corrupt: "31", failed: "31", "timed out": "33", cancelled: "35", dim: "2" };

/**
 * Adds the colour of a state to the text if `on` is true.
 *
 * @param {string} text
 * @param {string} state
 * @param {boolean} on
 */
export function paint(text, state, on) {
  const code = colours[state];
  return on && code !== undefined ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/**
 * Whether to write colours: only to terminals, and not if NO_COLOR is set (https://no-color.org).
 *
 * @param {import("node:tty").WriteStream} out
 */
export function wantsColour(out) {
  return out.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== "dumb";
}

// Records `npm run demo` in a terminal, presses Ctrl-C on the way, and writes the pictures of the README:
// docs/pictures/demo-light.svg and demo-dark.svg. Needs the program `script` of util-linux.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import terminals from "@xterm/headless";

const root = fileURLToPath(new URL("..", import.meta.url));
const [columns, rows] = [88, 33];
/** When Ctrl-C is pressed, after the first output. In ms. */
const pressAt = 4_800;
/** The time between two frames, and for how long the last one stays. In ms. */
const [frameTime, lastFrameTime] = [200, 3_000];
/** The size of a character, the margin, and the size of the font. In pixels. */
const [characterWidth, lineHeight, margin, fontSize] = [8.4, 18, 14, 14];

const themes = {
  light: {
    background: "#ffffff",
    border: "#d0d7de",
    text: "#1f2328",
    dim: "#59636e",
    colours: { 1: "#cf222e", 2: "#116329", 3: "#7d4e00", 5: "#8250df" },
  },
  dark: {
    background: "#0d1117",
    border: "#3d444d",
    text: "#f0f6fc",
    dim: "#9198a1",
    colours: { 1: "#ff7b72", 2: "#56d364", 3: "#e3b341", 5: "#d2a8ff" },
  },
};

/** @typedef {{ text: string, column: number, isDim: boolean, colour: number | undefined }} Run Characters of one style. */
/** @typedef {{ at: number, lines: Run[][] }} Frame */

/** The runs of characters of one style in a line. @returns {Run[]} */
function runsOf(line) {
  const runs = [];
  for (let column = 0; column < columns; column++) {
    const cell = line.getCell(column);
    const text = cell?.getChars() || " ";
    const style = {
      isDim: Boolean(cell?.isDim()),
      colour: cell?.isFgPalette() ? cell.getFgColor() : undefined,
    };
    const last = runs.at(-1);
    if (last !== undefined && last.isDim === style.isDim && last.colour === style.colour) last.text += text;
    else runs.push({ text, column, ...style });
  }
  // Spaces at the ends of a run are its position.
  return runs.flatMap((run) => {
    const text = run.text.trim();
    return text === ""
      ? []
      : [{ ...run, text, column: run.column + run.text.length - run.text.trimStart().length }];
  });
}

/** Runs the demo in a terminal. @returns {Promise<Frame[]>} */
async function record() {
  const terminal = new terminals.Terminal({ cols: columns, rows, allowProposedApi: true });
  const command = `stty cols ${columns} rows ${rows}; node demo/main.mjs; code=$?; echo; echo "exit code $code"`;
  const child = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: root,
    env: { ...process.env, TERM: "xterm-256color", DEMO_TMP: "/tmp", SHELL: "/bin/bash" },
  });
  const started = performance.now();
  const frames = [];
  const take = () => {
    const buffer = terminal.buffer.active;
    const lines = Array.from({ length: rows }, (_, row) => {
      const line = buffer.getLine(row);
      return line === undefined ? [] : runsOf(line);
    });
    frames.push({ at: performance.now() - started, lines });
  };
  terminal.write("$ npm run demo\r\n\r\n");
  child.stdout.on("data", (data) => terminal.write(data));
  const clock = setInterval(take, frameTime);
  const finger = setTimeout(() => child.stdin.write("\x03"), pressAt);
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  clearInterval(clock);
  clearTimeout(finger);
  if (code !== 0) throw new Error(`the demo's terminal ended with ${code}`);
  await new Promise((resolve) => terminal.write("", () => resolve(undefined)));
  take();
  return frames;
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const round = (value) => Math.round(value * 10) / 10;

/** A line as SVG, with each run at its column in every font. */
function drawLine(runs) {
  return runs
    .map(({ text, column, isDim, colour }) => {
      const style = colour === undefined ? (isDim ? ' class="dim"' : "") : ` class="c${colour}"`;
      const width = round(text.length * characterWidth);
      return `<text y="${fontSize}" x="${round(column * characterWidth)}" textLength="${width}"${style}>${escape(text)}</text>`;
    })
    .join("");
}

/** The picture: one frame beside the other, of which a window shows one after the other. @param {Frame[]} frames */
function draw(frames, theme) {
  const width = round(columns * characterWidth + 2 * margin);
  const height = rows * lineHeight + 2 * margin;
  const duration = frames.at(-1).at + lastFrameTime;
  /** Each different line once. @type {Map<string, string>} */
  const defined = new Map();
  const strip = frames.map(({ lines }, index) => {
    const uses = lines.flatMap((runs, row) => {
      if (runs.length === 0) return [];
      const drawn = drawLine(runs);
      if (!defined.has(drawn)) defined.set(drawn, `l${defined.size}`);
      return [`<use href="#${defined.get(drawn)}" y="${row * lineHeight}"/>`];
    });
    return `<g transform="translate(${index * width})">${uses.join("")}</g>`;
  });
  const steps = frames.map(
    ({ at }, index) =>
      `${round((100 * (index === 0 ? 0 : at)) / duration)}%{transform:translateX(-${index * width}px)}`,
  );
  const last = `translateX(-${(frames.length - 1) * width}px)`;
  const colours = Object.entries(theme.colours).map(([number, colour]) => `.c${number}{fill:${colour}}`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">npm run demo: eight downloads under one deadline. One times out, one fails, one is corrupt. Ctrl-C cancels the rest, and nothing is left open.</title>
<style>
text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:${theme.text};white-space:pre}
.dim{fill:${theme.dim}}${colours.join("")}
#strip{animation:play ${Math.round(duration)}ms step-end infinite}
@keyframes play{${steps.join("")}100%{transform:${last}}}
@media (prefers-reduced-motion:reduce){#strip{animation:none;transform:${last}}}
</style>
<defs>${[...defined].map(([drawn, id]) => `<g id="${id}">${drawn}</g>`).join("\n")}</defs>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8" fill="${theme.background}" stroke="${theme.border}"/>
<svg x="${margin}" y="${margin}" width="${width - 2 * margin}" height="${height - 2 * margin}" overflow="hidden" viewBox="0 0 ${width - 2 * margin} ${height - 2 * margin}"><g id="strip">
${strip.join("\n")}
</g></svg>
</svg>
`;
}

const frames = await record();
for (const [name, theme] of Object.entries(themes)) {
  const file = `docs/pictures/demo-${name}.svg`;
  const picture = draw(frames, theme);
  writeFileSync(`${root}/${file}`, picture);
  console.log(`${file}: ${frames.length} frames, ${Math.round(picture.length / 1000)} kB`);
}

/** Text as it may stand in SVG and in an attribute. */
export function escape(text: string): string {
  return (
    text
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
      // Control characters are not allowed in XML.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "�")
  );
}

/** The width that a text may take, without measuring it. Fonts differ, so it is a little more than most need. */
export function widthOf(text: string, size: number): number {
  let units = 0;
  for (const letter of text)
    units += /[iljt.,:;'|!()[\] ]/.test(letter) ? 0.36 : /[mwMW—…]/.test(letter) ? 0.9 : 0.59;
  return units * size;
}

/** A text that fits into a width, with `…` at the place where it was cut. */
export function fit(text: string, size: number, width: number): string {
  if (widthOf(text, size) <= width) return text;
  let cut = text;
  while (cut.length > 1 && widthOf(`${cut}…`, size) > width) cut = cut.slice(0, -1);
  return `${cut.trimEnd()}…`;
}

/** The lines of a text that is broken between words. */
export function wrap(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && widthOf(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  lines.push(line);
  return lines;
}

/** A number with at most two digits after the point, so that equal drawings are equal texts. */
export const n = (value: number): string => String(Math.round(value * 100) / 100);

interface TextOptions {
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  /** Classes of the style sheet. */
  readonly style?: string;
}

export function text(x: number, y: number, content: string, options: TextOptions = {}): string {
  const { size = 13, anchor = "start", style = "ink" } = options;
  const at = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  return `<text x="${n(x)}" y="${n(y)}" font-size="${n(size)}"${at} class="${style}">${escape(content)}</text>`;
}

export function rect(x: number, y: number, width: number, height: number, style: string, radius = 2): string {
  return `<rect x="${n(x)}" y="${n(y)}" width="${n(Math.max(0, width))}" height="${n(height)}" rx="${n(radius)}" class="${style}"/>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${n(x1)}" y1="${n(y1)}" x2="${n(x2)}" y2="${n(y2)}" class="${style}"/>`;
}

/** A number in a circle, which stands for a sentence below the drawing. */
export const circled = (x: number, y: number, index: number): string =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="8" class="box"/>${text(x, y + 4, String(index), { size: 11, anchor: "middle", style: "ink bold" })}`;

/** The pattern of `hatched`, once in a drawing. */
export const hatch = (id: string): string =>
  `<defs><pattern id="${id}-waits" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="ground"/><rect width="2.5" height="6" class="run"/></pattern></defs>`;

/** A hatched bar, for a wait. `id` is that of the drawing. */
export const hatched = (x: number, y: number, width: number, height: number, id: string): string =>
  `<rect x="${n(x)}" y="${n(y)}" width="${n(width)}" height="${n(height)}" rx="2" fill="url(#${id}-waits)" class="on-run"/>`;

/** Notes below a drawing that is `width` wide, from `y` down. Returns the place below them. */
export function notesBelow(
  notes: readonly string[],
  pad: number,
  y: number,
  width: number,
): { readonly parts: string[]; readonly y: number } {
  const parts: string[] = [];
  let at = y;
  for (const note of notes) {
    for (const row of wrap(note, 12, width - 2 * pad)) {
      at += 16;
      parts.push(text(pad, at, row, { size: 12 }));
    }
    at += 4;
  }
  return { parts, y: at };
}

/** The sentences of the numbers, from `y` down. Returns the place below them. */
export function listOf(
  sentences: ReadonlyArray<{ readonly index: number; readonly words: string }>,
  pad: number,
  y: number,
  width: number,
): { readonly parts: string[]; readonly y: number } {
  const parts: string[] = [];
  let at = y;
  for (const { index, words } of sentences) {
    parts.push(circled(pad + 8, at + 12, index));
    for (const row of wrap(words, 12, width - 2 * pad - 24)) {
      at += 16;
      parts.push(text(pad + 22, at, row, { size: 12 }));
    }
    at += 5;
  }
  return { parts, y: at };
}

/** Colours with a contrast of at least 4.5 to the ground as text, in light and in dark. */
const light = {
  ground: "#ffffff",
  ink: "#1f2328",
  soft: "#59636e",
  grid: "#d8dee4",
  run: "#0969da",
  ending: "#bc4c00",
  late: "#cf222e",
  work: "#6e7781",
  done: "#1a7f37",
};
const dark: typeof light = {
  ground: "#161b22",
  ink: "#e6edf3",
  soft: "#9da7b3",
  grid: "#30363d",
  run: "#58a6ff",
  ending: "#f0883e",
  late: "#ff7b72",
  work: "#8b949e",
  done: "#3fb950",
};

/** The colours of both schemes, by name. */
export const schemes: Readonly<Record<"light" | "dark", Readonly<Record<string, string>>>> = { light, dark };

const variables = (colours: typeof light): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--c-${name}:${colour}`)
    .join(";");

const rules = [
  ["text", "font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"],
  [".ground", "fill:var(--c-ground)"],
  [".ink", "fill:var(--c-ink)"],
  [".soft", "fill:var(--c-soft)"],
  [".bold", "font-weight:600"],
  [".mono", "font-family:ui-monospace,SFMono-Regular,Menlo,'DejaVu Sans Mono',monospace"],
  [".grid", "stroke:var(--c-grid);stroke-width:1"],
  [".edge", "stroke:var(--c-soft);stroke-width:1.5;fill:none"],
  [".cancel", "stroke:var(--c-late);stroke-width:2.5;fill:none"],
  [".stop", "stroke:var(--c-ink);stroke-width:4;stroke-linecap:round"],
  [".box", "fill:var(--c-ground);stroke:var(--c-soft);stroke-width:1.5"],
  [".dash", "stroke-dasharray:4 3"],
  ...["run", "ending", "late", "work", "done"].flatMap((name) => [
    [`.${name}`, `fill:var(--c-${name})`],
    [`.on-${name}`, `stroke:var(--c-${name});stroke-width:2`],
    [`.box-${name}`, `fill:var(--c-ground);stroke:var(--c-${name});stroke-width:2.5`],
  ]),
];

/**
 * The style sheet of a drawing. `system` follows the colours of the system, for a file that an `<img>` shows. `page`
 * follows the class `dark` of the page, as VitePress sets it.
 */
export function styleSheet(scheme: "system" | "page"): string {
  const svg = "svg.cancelable-drawing";
  const darkRule =
    scheme === "system"
      ? `@media(prefers-color-scheme:dark){${svg}{${variables(dark)}}}`
      : `.dark ${svg}{${variables(dark)}}`;
  return [
    `${svg}{${variables(light)}}`,
    darkRule,
    ...rules.map(([selector, style]) => `${svg} ${selector}{${style}}`),
  ].join("\n");
}

export interface FrameOptions {
  /** One sentence: the name of the picture for a screen reader. */
  readonly title: string;
  /** What the picture shows, in words. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Distinguishes drawings in one page. */
  readonly id: string;
  /** A file carries its style sheet. A drawing in a page does not. */
  readonly file: boolean;
}

/** How much larger than its units a file is shown where there is room, so that it can still be read on a phone. */
const fileScale = 1.3;

/** The SVG element around a drawing. */
export function frame(
  { title, description, width, height, id, file }: FrameOptions,
  content: string,
): string {
  const size = file
    ? `width="${n(width * fileScale)}" height="${n(height * fileScale)}"`
    : `width="${n(width)}" height="${n(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="cancelable-drawing" role="img" aria-labelledby="${id}-t ${id}-d" ${size} viewBox="0 0 ${n(width)} ${n(height)}">`,
    `<title id="${id}-t">${escape(title)}</title>`,
    `<desc id="${id}-d">${escape(description)}</desc>`,
    ...(file ? [`<style>\n${styleSheet("system")}\n</style>`] : []),
    rect(0, 0, width, height, "ground", 8),
    content,
    "</svg>",
    "",
  ].join("\n");
}

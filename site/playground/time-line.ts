import type { Bar, Recording } from "./recording.ts";
import { circled, fit, frame, hatch, hatched, line, listOf, n, rect, text, widthOf, wrap } from "./svg.ts";

/** A run to draw, with a heading above it. Several ones in a drawing have the same scale. */
export interface Section {
  readonly heading?: string | undefined;
  readonly recording: Recording;
  /** A sentence below the bars. */
  readonly note?: string | undefined;
}

export interface TimeLineOptions {
  readonly title: string;
  readonly width: number;
  /** Distinguishes drawings in one page. Default: `time-line`. */
  readonly id?: string;
  /** Whether it is a file of its own, which carries its style sheet. Default: false. */
  readonly file?: boolean;
  /** The end of the scale in milliseconds, at least. Default: the end of the run. */
  readonly until?: number;
}

interface Row {
  readonly bar: Bar;
  readonly depth: number;
  /** The end of the bar above: work that goes on after it is late. */
  readonly parentEnd: number | undefined;
}

const pad = 14;
const barHeight = 12;

/**
 * The bars in the order of the tree. Functions such as `all` and `race` open scopes and tasks of their own. Such a bar without a
 * name is left out: a task with a single bar below it, and a scope that is the single one below another bar and has no
 * cancellation of its own.
 */
function rowsOf({ bars }: Recording): Row[] {
  const children = new Map<string | undefined, Bar[]>();
  const keys = new Set(bars.map(({ key }) => key));
  for (const bar of bars) {
    const parent = bar.parent !== undefined && keys.has(bar.parent) ? bar.parent : undefined;
    children.set(parent, [...(children.get(parent) ?? []), bar]);
  }
  const isLeftOut = (bar: Bar, siblings: number, above: Bar | undefined): boolean => {
    if (bar.kind === "task") return bar.name === "task" && children.get(bar.key)?.length === 1;
    if (bar.kind !== "scope" || bar.name !== undefined) return false;
    const hasOwnCancellation = bar.cancelledAt !== undefined && above?.cancelledAt === undefined;
    return above !== undefined && siblings === 1 && !hasOwnCancellation;
  };
  const rows: Row[] = [];
  const visit = (key: string | undefined, depth: number, above: Bar | undefined): void => {
    const below = children.get(key) ?? [];
    for (const bar of below.toSorted((a, b) => a.begin - b.begin)) {
      if (isLeftOut(bar, below.length, above)) visit(bar.key, depth, above);
      else {
        rows.push({ bar, depth, parentEnd: above?.end });
        visit(bar.key, depth + 1, bar);
      }
    }
  };
  visit(undefined, 0, undefined);
  return rows;
}

/** Steps of a scale with four to eight parts. */
function ticksOf(until: number): number[] {
  const rough = until / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? 10 * power;
  const ticks: number[] = [];
  for (let at = 0; at <= until + step / 1_000; at += step) ticks.push(at);
  return ticks;
}

export function time(ms: number): string {
  return ms < 1_000 ? `${n(Math.round(ms))} ms` : `${n(Math.round(ms / 10) / 100)} s`;
}

const kinds: Record<Bar["kind"], string> = {
  operation: "operation",
  scope: "scope",
  task: "task",
  work: "promise",
  function: "async function",
};

function labelOf({ name, kind }: Bar): string {
  return name ?? kinds[kind];
}

interface Ending {
  readonly words: string;
  readonly style: string;
}

function endingOf({ bar, parentEnd }: Row): Ending {
  const isLate =
    isOwnWork(bar) && parentEnd !== undefined && (bar.end ?? Number.POSITIVE_INFINITY) > parentEnd + 1;
  if (bar.end === undefined)
    return bar.cancelledAt === undefined
      ? { words: isLate ? "still runs" : "running", style: isLate ? "late" : "run" }
      : { words: "cancelled, still ending", style: "ending" };
  if (isLate) return { words: `ran on until ${time(bar.end)}`, style: "late" };
  if (bar.outcome === "cancelled")
    return { words: bar.reason === undefined ? "cancelled" : `cancelled: ${bar.reason}`, style: "ending" };
  if (bar.outcome === "failed") return { words: "failed", style: "late" };
  if (bar.outcome === "completed")
    return {
      words:
        bar.cancelledAt === undefined
          ? "completed"
          : `completed in spite of: ${bar.reason ?? "a cancellation"}`,
      style: "done",
    };
  return { words: "ended", style: "soft" };
}

const isOwnWork = ({ kind }: Bar): boolean => kind === "work" || kind === "function";

const segmentNames = {
  run: "runs",
  work: "work of another library",
  waits: "body has ended, waits for the scopes below",
  ending: "cancelled, still ending",
  late: "still runs after its caller has ended",
} as const;

interface Segment {
  readonly from: number;
  readonly to: number;
  readonly style: keyof typeof segmentNames;
}

/** The parts of a bar, cut where its colour changes. */
function segmentsOf({ bar, parentEnd }: Row, now: number): Segment[] {
  const end = bar.end ?? now;
  const cuts = [bar.begin, bar.bodyEnd, bar.cancelledAt, isOwnWork(bar) ? parentEnd : undefined, end]
    .filter((cut): cut is number => cut !== undefined && cut >= bar.begin && cut <= end)
    .sort((a, b) => a - b);
  const segments: Segment[] = [];
  for (const [index, from] of cuts.entries()) {
    const to = cuts[index + 1];
    if (to === undefined || to <= from) continue;
    const style =
      isOwnWork(bar) && parentEnd !== undefined && from >= parentEnd
        ? "late"
        : bar.cancelledAt !== undefined && from >= bar.cancelledAt
          ? "ending"
          : bar.bodyEnd !== undefined && from >= bar.bodyEnd
            ? "waits"
            : isOwnWork(bar)
              ? "work"
              : "run";
    segments.push({ from, to, style });
  }
  return segments;
}

/** A picture of a run: a bar for each operation, scope, task and work, below the bar above it in the tree. */
export function drawTimeLine(sections: readonly Section[], options: TimeLineOptions): string {
  const { width, title, id = "time-line", file = false, until: least = 0 } = options;
  const isNarrow = width < 560;
  const labels = isNarrow ? 0 : Math.min(260, width * 0.34);
  const left = pad + labels + (isNarrow ? 2 : 8);
  const right = width - pad - 2;
  const all = sections.map(({ heading, recording, note }) => ({
    heading,
    note,
    recording,
    rows: rowsOf(recording),
  }));
  const until = Math.max(1, least, ...sections.map(({ recording }) => recording.now));
  const ticks = ticksOf(until);
  const x = (at: number): number => left + ((right - left) * Math.min(at, until)) / until;

  const parts: string[] = [];
  const words: string[] = [];
  const used = new Set<Segment["style"]>();
  let hasCancels = false;
  let y = pad;
  let marks = 0;

  for (const { heading, recording, note, rows } of all) {
    if (heading !== undefined) {
      for (const row of wrap(heading, 14, width - 2 * pad)) {
        y += 16;
        parts.push(text(pad, y, row, { size: 14, style: "ink bold" }));
      }
      y += 8;
      words.push(heading + ".");
    }
    const top = y;
    const drawn: string[] = [];
    const told = recording.marks.map((mark) => ({
      mark,
      index: ++marks,
      words: `${time(mark.at)}: ${mark.text}`,
    }));
    for (const row of rows) {
      const { bar, depth } = row;
      const ending = endingOf(row);
      const indent = Math.min(depth, 5) * 12;
      const label = labelOf(bar);
      const kind = bar.name === undefined ? "" : kinds[bar.kind];
      let barY: number;
      if (isNarrow) {
        const room = width - 2 * pad - indent;
        const endWidth = widthOf(ending.words, 12) * 1.12; // it is bold
        const name = fit(label, 13, Math.max(40, room - endWidth - 12));
        drawn.push(text(pad + indent, y + 13, name, { style: "ink bold" }));
        const kindAt = pad + indent + widthOf(name, 13) * 1.12 + 7;
        if (kind !== "" && kindAt + widthOf(kind, 11) + endWidth + 10 < width - pad)
          drawn.push(text(kindAt, y + 13, kind, { size: 11, style: "soft" }));
        drawn.push(
          text(width - pad, y + 13, ending.words, { size: 12, anchor: "end", style: `${ending.style} bold` }),
        );
        barY = y + 19;
        y += 19 + barHeight + 9;
      } else {
        const room = labels - indent;
        const name = fit(label, 13, room);
        drawn.push(text(pad + indent, y + 14, name, { style: "ink bold" }));
        const kindAt = pad + indent + widthOf(name, 13) * 1.12 + 7;
        if (kind !== "" && kindAt + widthOf(kind, 11) < pad + labels)
          drawn.push(text(kindAt, y + 14, kind, { size: 11, style: "soft" }));
        drawn.push(
          text(pad + indent, y + 29, fit(ending.words, 12, room), {
            size: 12,
            style: `${ending.style} bold`,
          }),
        );
        barY = y + 12;
        y += 40;
      }
      for (const { from, to, style } of segmentsOf(row, recording.now)) {
        used.add(style);
        const isWaiting = style === "waits";
        drawn.push(
          isWaiting
            ? hatched(x(from), barY + 1, Math.max(1, x(to) - x(from)), barHeight - 2, id)
            : rect(x(from), barY, Math.max(1.5, x(to) - x(from)), barHeight, style),
        );
      }
      if (bar.end !== undefined && bar.end - bar.begin < until / 400)
        drawn.push(rect(x(bar.begin), barY, 2, barHeight, "ink"));
      if (bar.cancelledAt !== undefined) {
        hasCancels = true;
        drawn.push(line(x(bar.cancelledAt), barY - 4, x(bar.cancelledAt), barY + barHeight + 4, "cancel"));
      }
      const own = told.filter(({ mark }) => mark.bar === bar.key);
      for (const [place, { mark, index }] of own.entries()) {
        const near = own.slice(0, place).filter((other) => Math.abs(x(other.mark.at) - x(mark.at)) < 16);
        const shift = near.length * 17;
        const cx = Math.min(Math.max(x(mark.at) + shift, left + 8), right - 6);
        drawn.push(circled(cx, barY + barHeight / 2, index));
      }
      words.push(
        `${label}, ${kinds[bar.kind]}: from ${time(bar.begin)} ${bar.end === undefined ? "on" : `to ${time(bar.end)}`}, ${ending.words}${bar.cancelledAt === undefined ? "" : `, cancelled at ${time(bar.cancelledAt)}`}.`,
      );
    }
    const bottom = y;
    for (const at of ticks) parts.push(line(x(at), top, x(at), bottom, "grid"));
    parts.push(...drawn);
    y += 13;
    let last = Number.NEGATIVE_INFINITY;
    for (const at of ticks) {
      const label = at === 0 ? "0" : time(at);
      const half = widthOf(label, 11) / 2;
      const centre = Math.min(Math.max(x(at), left + (at === 0 ? half : 0)), right - half);
      if (centre - half < last + 6) continue;
      last = centre + half;
      parts.push(text(centre, y, label, { size: 11, anchor: "middle", style: "soft" }));
    }
    y += 8;
    const list = listOf(told, pad, y, width);
    parts.push(...list.parts);
    y = list.y;
    words.push(...told.map(({ index, words: content }) => `${index}: ${content}.`));
    if (note !== undefined) {
      for (const row of wrap(note, 12, width - 2 * pad)) {
        y += 16;
        parts.push(text(pad, y, row, { size: 12 }));
      }
      y += 6;
      words.push(note);
    }
    y += 8;
  }

  // The legend: only what occurs.
  let legendX = pad;
  y += 6;
  const entries: Array<{ swatch: (at: number) => string; name: string }> = (
    Object.keys(segmentNames) as Segment["style"][]
  )
    .filter((style) => used.has(style))
    .map((style) => ({
      name: segmentNames[style],
      swatch: (at) => (style === "waits" ? hatched(at, y - 9, 16, 10, id) : rect(at, y - 10, 16, 12, style)),
    }));
  if (hasCancels)
    entries.push({
      name: "cancellation arrives",
      swatch: (at) => line(at + 8, y - 12, at + 8, y + 3, "cancel"),
    });
  y += 6;
  for (const { name, swatch } of entries) {
    const needed = 22 + widthOf(name, 11) + 14;
    if (legendX > pad && legendX + needed > width - pad + 14) {
      legendX = pad;
      y += 18;
    }
    parts.push(swatch(legendX), text(legendX + 21, y, name, { size: 11, style: "soft" }));
    legendX += needed;
  }
  y += pad;

  return frame(
    { title, description: words.join(" "), width, height: y, id, file },
    [hatch(id), ...parts].join("\n"),
  );
}

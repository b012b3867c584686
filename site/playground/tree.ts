import { fit, frame, line, n, notesBelow, rect, text } from "./svg.ts";

/** A box of the tree. */
export interface TreeNode {
  readonly key: string;
  readonly parent: string | undefined;
  readonly name: string;
  /** The lines below the name. */
  readonly lines: readonly string[];
  readonly style: "run" | "ending" | "late" | "done" | "work";
  /** What comes down the line from the box above. `stopped`: a cancellation that does not reach this box. */
  readonly edge?: "none" | "cancelled" | "stopped" | undefined;
}

export interface TreeOptions {
  readonly title: string;
  readonly width: number;
  readonly notes?: readonly string[];
  readonly id?: string;
  readonly file?: boolean;
}

const pad = 14;
const gap = 10;
const levelGap = 34;

/** A picture of the scopes as a tree, the outermost at the top. */
export function drawTree(nodes: readonly TreeNode[], options: TreeOptions): string {
  const { title, width, notes = [], id = "tree", file = false } = options;
  const childrenOf = (key: string | undefined): TreeNode[] => nodes.filter(({ parent }) => parent === key);
  const leaves = nodes.filter(({ key }) => childrenOf(key).length === 0).length;
  const slot = (width - 2 * pad + gap) / leaves;
  const boxWidth = Math.min(slot - gap, 170);
  const lines = Math.max(...nodes.map((node) => node.lines.length));
  const boxHeight = 24 + 15 * lines;
  const places = new Map<string, { x: number; y: number }>();
  let nextLeaf = 0;
  let depth = 0;
  const place = (node: TreeNode, level: number): number => {
    depth = Math.max(depth, level);
    const below = childrenOf(node.key).map((child) => place(child, level + 1));
    const first = below[0];
    const last = below.at(-1);
    const x =
      first === undefined || last === undefined
        ? pad + slot * nextLeaf++ + (slot - gap) / 2
        : (first + last) / 2;
    places.set(node.key, { x, y: pad + level * (boxHeight + levelGap) });
    return x;
  };
  for (const root of childrenOf(undefined)) place(root, 0);

  const parts: string[] = [];
  const words: string[] = [];
  for (const node of nodes) {
    const { x, y } = places.get(node.key) as { x: number; y: number };
    const above = node.parent === undefined ? undefined : places.get(node.parent);
    if (above !== undefined) {
      const from = above.y + boxHeight;
      const middle = from + levelGap / 2;
      const edge = node.edge ?? "none";
      const path = (to: number): string => `M${n(above.x)} ${n(from)}V${n(middle)}H${n(x)}V${n(to)}`;
      if (edge === "stopped") {
        const stop = y - 7;
        parts.push(`<path d="${path(stop)}" class="cancel dash"/>`, line(x - 22, stop, x + 22, stop, "stop"));
      } else if (edge === "cancelled") {
        parts.push(
          `<path d="${path(y - 5)}" class="cancel"/>`,
          `<path d="M${n(x - 5)} ${n(y - 8)}L${n(x)} ${n(y - 1)}L${n(x + 5)} ${n(y - 8)}Z" class="late"/>`,
        );
      } else parts.push(`<path d="${path(y)}" class="edge"/>`);
    }
    words.push(
      `${node.name}: ${node.lines.join(", ")}${node.parent === undefined ? "" : `, below ${nodes.find(({ key }) => key === node.parent)?.name}`}.`,
    );
  }
  for (const node of nodes) {
    const { x, y } = places.get(node.key) as { x: number; y: number };
    parts.push(rect(x - boxWidth / 2, y, boxWidth, boxHeight, `box-${node.style}`, 6));
    parts.push(text(x, y + 18, fit(node.name, 13, boxWidth - 6), { anchor: "middle", style: "ink bold" }));
    for (const [index, content] of node.lines.entries()) {
      const isLast = index === node.lines.length - 1;
      parts.push(
        text(x, y + 33 + 15 * index, fit(content, 11, boxWidth - 4), {
          size: 11,
          anchor: "middle",
          style: isLast ? `${node.style} bold` : "soft",
        }),
      );
    }
  }
  const bottom = pad + (depth + 1) * boxHeight + depth * levelGap + 6;
  const below = notesBelow(notes, pad, bottom, width);
  parts.push(...below.parts);
  return frame(
    { title, description: [...words, ...notes].join(" "), width, height: below.y + pad, id, file },
    parts.join("\n"),
  );
}

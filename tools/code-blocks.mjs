/**
 * The code blocks of a Markdown text, without those after `<!-- not run: reason -->`. Code in a comment before a block,
 * `<!-- set-up … -->`, runs first: it brings what the text leaves out, such as a server. Line `n` of the code is line
 * `line + n` of the text.
 *
 * @param {string} markdown
 * @returns {{ code: string, line: number }[]}
 */
export function blocksOf(markdown) {
  const blocks = [];
  const pattern =
    /(<!-- not run: [^>]+ -->\s*)?(?:<!-- set-up\n([\s\S]*?)-->(\s*))?```(?:ts|js)\n([\s\S]*?)```/g;
  for (const match of markdown.matchAll(pattern)) {
    const [, reason, setUp, gap, shown] = match;
    if (reason !== undefined) continue;
    const code = setUp === undefined ? shown : `${setUp}${gap}\n${shown}`;
    blocks.push({ code, line: markdown.slice(0, match.index).split("\n").length });
  }
  return blocks;
}

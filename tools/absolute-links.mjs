// The links of Markdown files that are read outside of the repository, on the page of a package.
import { existsSync, statSync } from "node:fs";
import { normalize } from "node:path/posix";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const repository = "https://github.com/hotherio/cancelable";
/** Where the host shows a file and a folder, and where it delivers an image. */
const places = {
  file: `${repository}/blob/main/`,
  folder: `${repository}/tree/main/`,
  image: "https://raw.githubusercontent.com/hotherio/cancelable/main/",
};

/** The targets of links and images: in Markdown, in its definitions, and in HTML. The groups are before, target, after. */
const links = [
  /(\]\(<?)([^\s()<>]+)((?:\s[^()]*)?>?\))/g,
  /(^ {0,3}\[[^\]]+\]: +<?)([^\s<>]+)(>?)/gm,
  /(\b(?:href|src|srcset)=")([^"]+)(")/g,
];

/** Applies `change` to each target of a link. Code is no link. */
function eachTarget(markdown, change) {
  return markdown
    .split(/(^ *```[^]*?^ *```|`[^`\n]*`)/m)
    .map((part, index) => {
      // The odd parts are code. In `[`name`](target)`, the part after the code has the target.
      if (index % 2 === 1) return part;
      return links.reduce(
        (text, pattern) =>
          text.replace(pattern, (_all, before, target, after) => before + change(target) + after),
        part,
      );
    })
    .join("");
}

const isRelative = (target) => !/^(?:[a-z]+:|#)/.test(target);

/** The Markdown of a file at the root of the repository, with absolute links. */
export function absoluteLinks(markdown) {
  return eachTarget(markdown, (target) => {
    if (!isRelative(target)) return target;
    const [path, ...fragment] = target.split("#");
    const file = normalize(path);
    const kind = statSync(`${root}${file}`, { throwIfNoEntry: false })?.isDirectory()
      ? "folder"
      : /\.(?:svg|png|gif|jpg)$/.test(file)
        ? "image"
        : "file";
    return [places[kind] + file, ...fragment].join("#");
  });
}

/** The links that do not work on the page of a package: relative ones, and those to files that the repository lacks. */
export function brokenLinks(markdown) {
  const broken = [];
  eachTarget(markdown, (target) => {
    const place = Object.values(places).find((prefix) => target.startsWith(prefix));
    const file = place && target.slice(place.length).split("#")[0];
    if (isRelative(target) || (file !== undefined && !existsSync(root + file))) broken.push(target);
    return target;
  });
  return broken;
}

/* The path of a layer of a router of Express 4 and 5. */

/** A path as users of Express write it. */
export type Path = string | RegExp | readonly Path[];

/** The parts of a layer that tell its path. */
export interface RouterLayer {
  /** The path as the user wrote it. The package `router`, which Express 5 uses, has it since version 2.3. */
  readonly rawPath?: Path | undefined;
  /** Express 4: the path as a regular expression. */
  readonly regexp?: (RegExp & { readonly fast_slash?: boolean | undefined }) | undefined;
  /** Express 4: the parameters of the path. */
  readonly keys?: ReadonlyArray<{ readonly name: string | number }> | undefined;
  /** Whether the path is `/`, in versions of `router` before 2.3. */
  readonly slash?: boolean | undefined;
  /** Finds the part at the start of a path that belongs to the layer. Old versions return true and keep the part in `path`. */
  match(path: string): boolean | { readonly path: string };
  readonly path?: string | undefined;
}

/** A path as text. */
export function textOf(path: Path): string {
  if (Array.isArray(path)) return path.length === 1 ? textOf(path[0]) : `(${path.map(textOf).join("|")})`;
  return String(path);
}

/** A path of a mount point as text, without the slash at its end. */
export const prefixOf = (path: Path): string => textOf(path).replace(/\/+$/, "");

/** The path of a layer as a user wrote it, or a text that stands for it. */
export function pathOf({ rawPath, regexp, keys = [], slash }: RouterLayer): Path {
  if (rawPath !== undefined) return rawPath;
  if (slash === true || regexp?.fast_slash === true) return "/";
  return regexp === undefined ? "(mount)" : translated(regexp, keys);
}

/** The pattern that Express 4 makes of a parameter: `(?:\/([^/]+?))`, and in older versions `\/(?:([^\/]+?))`. */
const parameterPattern = /(?:\(\?:\\\/|\\\/\(\?:)\(\[\^\\?\/\]\+\?\)\)/g;

/** Turns a regular expression that Express 4 made of a path back. Returns the expression if it is not of a simple path. */
function translated(regexp: RegExp, keys: NonNullable<RouterLayer["keys"]>): Path {
  let parameter = 0;
  const text = regexp.source
    .replace(/^\^/, "")
    .replace(/\\\/\?\(\?=\\\/\|\$\)$/, "")
    .replaceAll(parameterPattern, () => `\\/:${keys[parameter++]?.name}`)
    .replaceAll(/\\([^\w\s])/g, "$1");
  return parameter === keys.length && /^[\w/.:~@-]+$/.test(text) ? text : regexp;
}

/** Whether the layers together match a whole path. */
export function matches(layers: readonly RouterLayer[], path: string): boolean {
  let rest = path;
  for (const layer of layers) {
    let match: ReturnType<RouterLayer["match"]>;
    try {
      match = layer.match(rest || "/");
    } catch {
      return false; // a parameter with a wrong escape
    }
    if (match === false) return false;
    const part = match === true ? layer.path : match.path;
    rest = rest.slice(part?.replace(/\/$/, "").length);
  }
  return rest === "";
}

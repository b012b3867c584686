import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ts as TypeScript } from "ts-morph";

type Api = typeof TypeScript;

/** An error of the type checker. */
export interface TypeProblem {
  readonly start: number;
  /** Code and message: the same before and after an edit. */
  readonly message: string;
}

const library = "@hother/cancelable";

/** The program of one `tsconfig.json`, and variants of it with other texts for some files. */
export class TypeProgram {
  readonly api: Api;
  readonly original: TypeScript.Program;
  readonly #libraries: (path: string) => string | undefined;
  readonly #options: TypeScript.CompilerOptions;
  readonly #roots: readonly string[];
  readonly #before = new Map<string, readonly TypeProblem[]>();

  /** @throws Error if `ts-morph` is not installed. */
  static async load(config: string | undefined, paths: readonly string[]): Promise<TypeProgram> {
    const morph = await loadMorph();
    // TypeScript inside ts-morph has its library files only in memory.
    const files = new morph.Project({ useInMemoryFileSystem: true }).getModuleResolutionHost();
    const libraries = (path: string): string | undefined =>
      path.startsWith(libraryFolder) ? files.readFile(path) : undefined;
    return new TypeProgram(morph.ts, libraries, config, paths);
  }

  private constructor(
    api: Api,
    libraries: (path: string) => string | undefined,
    config: string | undefined,
    paths: readonly string[],
  ) {
    this.api = api;
    this.#libraries = libraries;
    const parsed = config === undefined ? undefined : parseConfig(api, config);
    this.#options = { ...(parsed?.options ?? looseOptions(api)), ...checkOptions };
    this.#roots = [...new Set([...(parsed?.fileNames ?? []), ...paths])];
    this.original = this.#create(new Map());
  }

  /** The errors of a variant that the original program does not have, by the paths of their files. */
  newProblems(texts: ReadonlyMap<string, string>, only?: string): Map<string, TypeProblem[]> {
    const program = this.#create(texts);
    const found = new Map<string, TypeProblem[]>();
    for (const file of program.getSourceFiles()) {
      const path = file.fileName;
      if ((only !== undefined && path !== only) || !isOwn(file, program)) continue;
      const before = countMessages(this.#problemsBefore(path));
      const added = this.#problems(program, file).filter(({ message }) => {
        const left = before.get(message) ?? 0;
        before.set(message, left - 1);
        return left <= 0;
      });
      if (added.length > 0) found.set(path, added);
    }
    return found;
  }

  #problemsBefore(path: string): readonly TypeProblem[] {
    const known = this.#before.get(path);
    if (known !== undefined) return known;
    const file = this.original.getSourceFile(path);
    const problems = file === undefined ? [] : this.#problems(this.original, file);
    this.#before.set(path, problems);
    return problems;
  }

  #problems(program: TypeScript.Program, file: TypeScript.SourceFile): TypeProblem[] {
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ start, code, messageText }) => ({
        start: start ?? 0,
        message: `TS${code}: ${this.api.flattenDiagnosticMessageText(messageText, " ")}`,
      }),
    );
  }

  #create(texts: ReadonlyMap<string, string>): TypeScript.Program {
    const { api } = this;
    const host = api.createCompilerHost(this.#options, true);
    const read = (path: string): string | undefined =>
      texts.get(path) ?? this.#libraries(path) ?? api.sys.readFile(path);
    host.getDefaultLibLocation = () => libraryFolder;
    host.getDefaultLibFileName = (options) => join(libraryFolder, api.getDefaultLibFileName(options));
    host.readFile = read;
    host.getSourceFile = (path, options) => {
      const known = texts.has(path) ? undefined : this.original?.getSourceFile(path);
      if (known !== undefined) return known;
      const text = read(path);
      return text === undefined ? undefined : shallowFile(api, path, text, options);
    };
    host.resolveModuleNameLiterals = (literals, containing, redirected, options, file) =>
      literals.map((literal) => {
        const mode = api.getModeForUsageLocation(file, literal, options);
        const { text } = literal;
        const own = api.resolveModuleName(text, containing, options, host, undefined, redirected, mode);
        const isLibrary = text === library || text.startsWith(`${library}/`);
        if (own.resolvedModule !== undefined || !isLibrary) return own;
        // The project may not have installed the library yet.
        return api.resolveModuleName(text, toolFile, { ...options, ...toolResolution(api) }, host);
      });
    return api.createProgram({
      rootNames: this.#roots,
      options: this.#options,
      host,
      ...(this.original !== undefined && { oldProgram: this.original }),
    });
  }
}

/** The folder of TypeScript's library files in the file system in memory. */
const libraryFolder = "/node_modules/typescript/lib";

const toolFile = fileURLToPath(import.meta.url);

const checkOptions: TypeScript.CompilerOptions = {
  allowJs: true,
  noEmit: true,
  skipLibCheck: true,
  composite: false,
  incremental: false,
};

function looseOptions(api: Api): TypeScript.CompilerOptions {
  return {
    strict: true,
    target: api.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    module: api.ModuleKind.ESNext,
    moduleResolution: api.ModuleResolutionKind.Bundler,
  };
}

function toolResolution(api: Api): TypeScript.CompilerOptions {
  return { module: api.ModuleKind.ESNext, moduleResolution: api.ModuleResolutionKind.Bundler };
}

function parseConfig(api: Api, config: string): TypeScript.ParsedCommandLine | undefined {
  return api.getParsedCommandLineOfConfigFile(config, checkOptions, {
    ...api.sys,
    onUnRecoverableConfigFileDiagnostic: () => {},
  });
}

/** The depth of a syntax tree from which the type checker may exceed the stack. */
const deepest = 500;

/** The syntax tree of a file; of an empty file if it is so deep that checking the whole program would fail. */
function shallowFile(
  api: Api,
  path: string,
  text: string,
  options: TypeScript.ScriptTarget | TypeScript.CreateSourceFileOptions,
): TypeScript.SourceFile {
  const empty = (): TypeScript.SourceFile => api.createSourceFile(path, "", options, true);
  try {
    const file = api.createSourceFile(path, text, options, true);
    return isDeep(api, file) ? empty() : file;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return empty();
  }
}

function isDeep(api: Api, file: TypeScript.SourceFile): boolean {
  const pending: Array<readonly [node: TypeScript.Node, depth: number]> = [[file, 0]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, depth] = next;
    if (depth > deepest) return true;
    // TypeScript does not recurse into the left side of a chain of operators.
    const isChain = api.isBinaryExpression(node);
    api.forEachChild(node, (child) => {
      pending.push([child, isChain && child === node.left ? depth : depth + 1]);
    });
  }
  return false;
}

function isOwn(file: TypeScript.SourceFile, program: TypeScript.Program): boolean {
  return (
    !file.isDeclarationFile &&
    !program.isSourceFileFromExternalLibrary(file) &&
    !/[\\/]node_modules[\\/]/.test(file.fileName)
  );
}

function countMessages(problems: readonly TypeProblem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { message } of problems) counts.set(message, (counts.get(message) ?? 0) + 1);
  return counts;
}

async function loadMorph(): Promise<typeof import("ts-morph")> {
  try {
    return await import("ts-morph");
  } catch {
    throw new Error(
      "--types needs the package ts-morph, which is not installed: npm install --save-dev ts-morph@28",
    );
  }
}

const configs = new Map<string, string | undefined>();

/** The nearest `tsconfig.json` in or above a folder. */
export function nearestConfig(folder: string): string | undefined {
  const full = resolve(folder);
  if (configs.has(full)) return configs.get(full);
  const here = join(full, "tsconfig.json");
  const above = dirname(full);
  const found = existsSync(here) ? here : above === full ? undefined : nearestConfig(above);
  configs.set(full, found);
  return found;
}

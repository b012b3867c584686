import { iniEntries } from "./ini-document.ts";
import { TomlDocument, textOf } from "./toml-document.ts";

/**
 * The oldest Python that a project supports, from its `pyproject.toml`, `setup.cfg` or `setup.py`: `"3.9"` for
 * `requires-python = ">=3.9"`. Undefined if the file does not say.
 */
export function readPythonMinimum(name: string, text: string): string | undefined {
  return /(?:>=|~=|\^|==)\s*(\d+(?:\.\d+)?)/.exec(rangeIn(name, text) ?? "")?.[1];
}

function rangeIn(name: string, text: string): string | undefined {
  if (name.endsWith(".py")) return /\bpython_requires\s*=\s*["']([^"'\r\n]*)/.exec(text)?.[1];
  if (name.endsWith(".cfg")) return iniEntries(text).find((entry) => entry.name === "python_requires")?.first;
  try {
    const document = new TomlDocument(text);
    const entry =
      document.entry("project.requires-python") ?? document.entry("tool.poetry.dependencies.python");
    return entry && textOf(entry.value);
  } catch {
    // The error is reported when the file itself is analyzed.
    return undefined;
  }
}

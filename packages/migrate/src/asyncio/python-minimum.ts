/**
 * The oldest Python that a project supports, by its `pyproject.toml`, `setup.cfg` or `setup.py`: `"3.9"`
 * from `requires-python = ">=3.9"`. Undefined where the file says nothing.
 */
export function readPythonMinimum(text: string): string | undefined {
  const range = /^[ \t]*(?:requires-python|python_requires|python)[ \t]*=[ \t]*["']?([^"'\r\n]*)/m.exec(
    text,
  )?.[1];
  const version = range === undefined ? null : /(?:>=|~=|\^|==)[ \t]*(\d+(?:\.\d+)?)/.exec(range);
  return version?.[1];
}

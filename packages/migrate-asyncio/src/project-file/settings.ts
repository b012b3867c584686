import { atLeast } from "../version.ts";
import { edit, mark, type ProjectNeeds, type ProjectPlace } from "./place.ts";

/** One of pytest's settings; a list has its items joined by line breaks. */
export interface Setting {
  readonly name: string;
  /** Offset of the name. */
  readonly start: number;
  /** Undefined where it is no plain string. */
  readonly value: string | undefined;
}

/** What becomes of pytest's settings. */
export function settingPlaces(settings: readonly Setting[], needs: ProjectNeeds): ProjectPlace[] {
  const hasAnyioMode = settings.some(({ name }) => name === "anyio_mode");
  return settings.flatMap((setting) => placesOf(setting, needs, hasAnyioMode));
}

function placesOf(setting: Setting, needs: ProjectNeeds, hasAnyioMode: boolean): ProjectPlace[] {
  const { name, start, value } = setting;
  if (name === "asyncio_mode") return [modePlace(setting, needs, hasAnyioMode)];
  if (/^asyncio_(default_\w+|debug)$/.test(name))
    return [mark(name, start, "a setting of pytest-asyncio", "remove it with pytest-asyncio")];
  if (name === "markers" && /^\s*asyncio\b/m.test(value ?? "") && !needs.keepsPytestAsyncio)
    return [mark(name, start, "a marker that no test has any more", "remove it from the list")];
  if (name === "addopts" && /--asyncio-mode|\bpytest_asyncio\b/.test(value ?? ""))
    return [mark(name, start, "an option of pytest-asyncio", "remove it with pytest-asyncio")];
  return [];
}

/**
 * `asyncio_mode = auto` becomes `anyio_mode = auto`. The two must never stand together, and without an
 * `anyio_backend` fixture every test would run on every backend that there is.
 */
function modePlace(
  { name, start, value }: Setting,
  needs: ProjectNeeds,
  hasAnyioMode: boolean,
): ProjectPlace {
  const left = (reason: string, suggestion: string): ProjectPlace => mark(name, start, reason, suggestion);
  if (hasAnyioMode) return left("it contradicts anyio_mode beside it", "remove one of the two");
  if (value?.trim() !== "auto") return left("a setting of pytest-asyncio", "remove it with pytest-asyncio");
  if (!atLeast(needs.least, "4.11"))
    return left("anyio's pytest plugin has an auto mode only from 4.11 on", "--anyio-min 4.11, if it may");
  if (needs.keepsPytestAsyncio)
    return left("markers or fixtures of pytest-asyncio remain", "migrate these tests first");
  if (!needs.choosesBackend)
    return left(
      "no conftest.py has an anyio_backend fixture",
      "add one that returns 'asyncio', then run again",
    );
  return edit(name, { start, end: start + name.length, text: "anyio_mode" });
}

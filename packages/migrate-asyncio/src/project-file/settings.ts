import { atLeast } from "../version.ts";
import { edit, mark, type ProjectNeeds, type ProjectPlace } from "./place.ts";

/** One setting of pytest. The items of a list are joined by line breaks. */
export interface Setting {
  readonly name: string;
  /** The offset of the name. */
  readonly start: number;
  /** Undefined if the value is not a plain string. */
  readonly value: string | undefined;
}

/** The places in the settings of pytest. */
export function settingPlaces(settings: readonly Setting[], needs: ProjectNeeds): ProjectPlace[] {
  const hasAnyioMode = settings.some(({ name }) => name === "anyio_mode");
  return settings.flatMap((setting) => placesOf(setting, needs, hasAnyioMode));
}

function placesOf(setting: Setting, needs: ProjectNeeds, hasAnyioMode: boolean): ProjectPlace[] {
  const { name, start, value } = setting;
  if (name === "asyncio_mode") return [modePlace(setting, needs, hasAnyioMode)];
  if (/^asyncio_(default_\w+|debug)$/.test(name))
    return [
      mark(name, start, "This is a setting of pytest-asyncio.", "Remove it together with pytest-asyncio."),
    ];
  if (name === "markers" && /^\s*asyncio\b/m.test(value ?? "") && !needs.keepsPytestAsyncio)
    return [mark(name, start, "No test uses this marker any more.", "Remove it from the list.")];
  if (name === "addopts" && /--asyncio-mode|\bpytest_asyncio\b/.test(value ?? ""))
    return [
      mark(name, start, "This is an option of pytest-asyncio.", "Remove it together with pytest-asyncio."),
    ];
  return [];
}

/**
 * The places for `asyncio_mode = auto`, which becomes `anyio_mode = auto`. The two settings exclude each other. Without
 * an `anyio_backend` fixture, every test would run on every installed backend.
 */
function modePlace(
  { name, start, value }: Setting,
  needs: ProjectNeeds,
  hasAnyioMode: boolean,
): ProjectPlace {
  const left = (reason: string, suggestion: string): ProjectPlace => mark(name, start, reason, suggestion);
  if (hasAnyioMode) return left("It contradicts the setting `anyio_mode`.", "Remove one of the two.");
  if (value?.trim() !== "auto")
    return left("This is a setting of pytest-asyncio.", "Remove it together with pytest-asyncio.");
  if (!atLeast(needs.least, "4.11"))
    return left(
      "anyio's pytest plugin has an auto mode only from 4.11 on.",
      "Pass --anyio-min 4.11 if the project can require it.",
    );
  if (needs.keepsPytestAsyncio)
    return left("Markers or fixtures of pytest-asyncio remain.", "Migrate these tests first.");
  if (!needs.choosesBackend)
    return left(
      "No `conftest.py` has an `anyio_backend` fixture.",
      "Add one that returns 'asyncio', then run again.",
    );
  return edit(name, { start, end: start + name.length, text: "anyio_mode" });
}

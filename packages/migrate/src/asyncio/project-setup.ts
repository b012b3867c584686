import { addItem, readList } from "./literal-list.ts";
import type { ProjectNeeds, ProjectPlace } from "./project-settings.ts";

/** The literal `install_requires=[…]` of a `setup.py`. */
export function setupPlaces(text: string, needs: ProjectNeeds): ProjectPlace[] {
  const found = /^[ \t]*install_requires\s*=\s*(?=[[(])/m.exec(text);
  if (found === null) return [];
  const list = readList(text, found.index + found[0].length);
  const edit = list && addItem(text, list, needs.requirement);
  return edit === undefined ? [] : [{ kind: "edit", ...edit, api: "install_requires" }];
}

import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writeEdited } from "../../src/engine/apply.ts";
import { Project } from "../support/project.ts";

describe("Writing a file", () => {
  test("fails if the file has changed since it was read, and leaves no temporary file.", () => {
    using project = new Project({ "a.ts": "changed by somebody\n" });
    expect(writeEdited(project.path("a.ts"), "what was read\n", "what was made\n")).toMatchObject({
      kind: "changed",
    });
    expect(project.read("a.ts")).toBe("changed by somebody\n");
    expect(readdirSync(project.root)).toEqual(["a.ts"]);
  });

  test("fails if the file cannot be written.", () => {
    using project = new Project();
    expect(writeEdited(project.path("gone.ts"), "", "")).toMatchObject({ kind: "write" });
  });
});

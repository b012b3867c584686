import { execFile } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { cli, Project } from "../support/project.ts";

const run = promisify(execFile);
const programs = fileURLToPath(new URL("programs", import.meta.url));
const library = fileURLToPath(new URL("../../../cancelable", import.meta.url));
/** Packages that the programs import before they are changed. */
const packages = ["async-mutex", "async-sema", "p-limit"];
const installed = fileURLToPath(new URL("../../../../node_modules", import.meta.url));

/** The output of a program that imports the built library. */
async function output(project: Project, name: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, ["--no-warnings", project.path(name)]);
  return stdout + stderr;
}

test.each(readdirSync(programs).sort())("The program %s prints the same before and after.", async (name) => {
  const text = readFileSync(`${programs}/${name}`, "utf8");
  using project = new Project({ [name]: text, "node_modules/@hother/.keep": "" });
  symlinkSync(library, project.path("node_modules/@hother/cancelable"));
  for (const each of packages) symlinkSync(`${installed}/${each}`, project.path(`node_modules/${each}`));
  const before = await output(project, name);
  const { out } = await cli("promises", project.path(name), "--write", "--structural");
  expect(project.read(name), out).not.toBe(text);
  expect(project.read(name)).toContain("@hother/cancelable");
  expect(await output(project, name)).toBe(before);
});

// Runs before every test file, on every host.
import { afterEach, beforeEach } from "vitest";
import { reasonToLeaveOut } from "./left-out.ts";
import { forgetScopes, isScopeLost, lostScope } from "./lost-scope.ts";

beforeEach(({ task, skip }) => {
  forgetScopes();
  const reason = reasonToLeaveOut(task.file.name, task.fullTestName);
  skip(reason !== undefined, reason);
});

afterEach(({ task, skip }) => {
  skip(task.result?.state === "fail" && isScopeLost(), lostScope);
});

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
  const { state, errors = [] } = task.result ?? {};
  if (state !== "fail") return;
  skip(isScopeLost(), lostScope);
  const text = errors.map(({ message, diff }) => `${message} ${diff}`).join();
  skip(text.includes("is not available on this host"), "uses what the library refuses on this host");
});

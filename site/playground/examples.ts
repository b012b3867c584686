/** A program of the playground. */
export interface Example {
  readonly title: string;
  readonly code: string;
}

export const examples: readonly Example[] = [
  {
    title: "A limit over three downloads",
    code: `import { all, Cancellable } from "@hother/cancelable";
import { download } from "playground";

// One limit ends all three downloads. Change the numbers and run it again.
const page = Cancellable.withTimeout(1_200, { name: "page" });

const outcome = await page.settle(() =>
  all([
    (scope) => download("html", 300, scope),
    (scope) => download("image", 1_600, scope),
    (scope) => download("video", 2_000, scope),
  ]),
);
console.log(outcome.status, outcome.error?.message);
`,
  },
  {
    title: "Promise.race and race",
    code: `import { Cancellable, race } from "@hother/cancelable";
import { download, trace } from "playground";

// Promise.race forgets the loser, which goes on.
await trace("Promise.race", () =>
  Promise.race([download("mirror 1", 400), download("mirror 2", 1_300)]),
);

// race() cancels the loser and waits until it has ended.
const contest = new Cancellable({ name: "race" });
const winner = await contest.run(() =>
  race([
    (scope) => download("mirror 3", 400, scope),
    (scope) => download("mirror 4", 1_300, scope),
  ]),
);
console.log("winner:", winner);
`,
  },
  {
    title: "A limit that a promise does not see",
    code: `import { Cancellable } from "@hother/cancelable";
import { download } from "playground";

const report = Cancellable.withTimeout(500, { name: "report" });

const outcome = await report.settle(async (op) => {
  // Nothing ends this download, so the limit has to wait for it.
  const rows = await download("query", 1_500);

  // Try one of these lines in its place:
  // const rows = await download("query", 1_500, op); // the download ends
  // const rows = await op.waitFor(download("query", 1_500)); // the wait ends
  return rows;
});
console.log(outcome.status, "- limit reached:", report.context.cancelRequested);
`,
  },
];

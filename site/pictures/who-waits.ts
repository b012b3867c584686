import { Cancellable, sleep, taskGroup } from "@hother/cancelable";
import { drawColumns, type Span, type Step } from "../playground/columns.ts";
import { time } from "../playground/time-line.ts";
import { expectSame } from "./expect-same.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** Picture 8: the parent waits for the scope, and the scope waits for its body and for its children. */
export async function drawPicture(): Promise<string> {
  const steps: Array<Step & { readonly at: number }> = [];
  const recording = await record(({ now }) => {
    const step = (from: string, to: string, words: string, style?: Step["style"]): void => {
      steps.push({ from, to, words: `${time(now())}: ${words}`, style, at: now() });
    };
    return new Cancellable({ name: "parent" }).run(async () => {
      step("parent", "scope", "await taskGroup(body)");
      await taskGroup(
        async (group) => {
          step("scope", "body", "calls the body");
          group.startSoon(async () => {
            step("body", "child", "startSoon(child)");
            await sleep(400);
            step("child", "scope", "the child ends", "done");
          });
          await sleep(100);
          step("body", "scope", "the body returns", "done");
        },
        { name: "scope" },
      );
      step("scope", "parent", "taskGroup resolves", "done");
      await sleep(100);
    });
  });
  const order = steps.map(({ from, to, at }) => `${from} > ${to} at ${at}`);
  expectSame(order, [
    "parent > scope at 0",
    "scope > body at 0",
    "body > child at 0",
    "body > scope at 100",
    "child > scope at 400",
    "scope > parent at 400",
  ]);
  const ends = recording.bars.map(({ name, end }) => `${name ?? "child"} ${end}`);
  expectSame(ends.toSorted(), ["parent 500", "scope 400", "task 400"]);
  const spans: Span[] = [
    { column: "parent", from: 0, to: 5, style: "waits" },
    { column: "scope", from: 0, to: 5, style: "waits" },
    { column: "body", from: 1, to: 3, style: "run" },
    { column: "child", from: 2, to: 4, style: "run" },
  ];
  return drawColumns(["parent", "scope", "body", "child"], steps, spans, {
    title: "Who waits for whom: a scope ends only after its body and all its children have ended",
    width: pictureWidth,
    file: true,
    id: "waits",
    notes: [
      "The scope ends when its body and all its children have ended. Only then does the await of the parent go on.",
    ],
  });
}

import { Cancellable, shield, sleep, taskGroup } from "@hother/cancelable";
import { drawTimeLine, time } from "../playground/time-line.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** Picture 7: the first failure cancels the other children, and the group rejects last. */
export async function drawPicture(): Promise<string> {
  let note = "";
  const recording = await record(async ({ now }) => {
    const child = (name: string, body: () => Promise<unknown>) => () => new Cancellable({ name }).run(body);
    try {
      await taskGroup(
        (group) => {
          group.startSoon(child("read the file", () => sleep(300)));
          group.startSoon(
            child("ask the server", async () => {
              await sleep(600);
              throw new Error("no connection");
            }),
          );
          group.startSoon(
            child("write the copy", async () => {
              try {
                await sleep(2_000);
              } finally {
                await shield(() => sleep(250), { name: "clean-up" });
              }
            }),
          );
        },
        { name: "task group" },
      );
    } catch (error) {
      note = `The failure at 600 ms cancels the other children. taskGroup() rejects at ${time(now())}, after all children have ended, with the first failure: “${(error as Error).message}”.`;
    }
  });
  return drawTimeLine([{ recording, note }], {
    title: "A task group: the first failure cancels the other children, and the group rejects last",
    width: pictureWidth,
    file: true,
    id: "task-group",
  });
}

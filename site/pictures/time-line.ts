import { all, Cancellable, shield, sleep } from "@hother/cancelable";
import { drawTimeLine } from "../playground/time-line.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** An operation that needs time to clean up when it is cancelled. */
const download = (name: string, ms: number, cleanUp: number) => () =>
  new Cancellable({ name }).run(async () => {
    let done = false;
    try {
      await sleep(ms);
      done = true;
    } finally {
      if (!done) await shield(() => sleep(cleanUp), { name: "clean-up" });
    }
  });

/** Picture 2: a limit over three operations. */
export async function drawPicture(): Promise<string> {
  const recording = await record(() =>
    Cancellable.withTimeout(1_200, { name: "page" }).settle(() =>
      all([download("html", 300, 0), download("image", 1_600, 150), download("video", 2_000, 300)]),
    ),
  );
  return drawTimeLine([{ recording }], {
    title: "A limit of 1.2 s over three downloads",
    width: pictureWidth,
    file: true,
    id: "limit",
  });
}

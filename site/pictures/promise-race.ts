import { drawTimeLine } from "../playground/time-line.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** Picture 3: the same limit with `Promise.race`. */
export async function drawPicture(): Promise<string> {
  const recording = await record(async ({ recorder, work }) => {
    const page = recorder.plain("page", () => {
      const below = recorder.recording().bars.find(({ name }) => name === "page")?.key;
      const late = work("limit of 1.2 s", 1_200, { failure: new Error("timed out"), below });
      return Promise.race([
        Promise.all([
          work("html", 300, { below }),
          work("image", 1_600, { below }),
          work("video", 2_000, { below }),
        ]),
        late,
      ]);
    });
    await page.catch(() => {});
  });
  return drawTimeLine([{ recording }], {
    title: "The same limit with Promise.race: two downloads go on after the end",
    width: pictureWidth,
    file: true,
    id: "promise-race",
  });
}

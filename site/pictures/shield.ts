import { Cancellable, checkpoint, shield, sleep } from "@hother/cancelable";
import { drawTimeLine } from "../playground/time-line.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** Picture 6: which awaits throw after a cancellation, and which one a shield protects. */
export async function drawPicture(): Promise<string> {
  const recording = await record(({ mark }) =>
    Cancellable.withTimeout(500, { name: "transfer" }).settle(async () => {
      const attempt = async (code: string, wait: () => Promise<unknown>): Promise<void> => {
        try {
          await wait();
          mark(`${code} resolves`);
        } catch (error) {
          mark(`${code} throws ${(error as Error).name}`);
          throw error;
        }
      };
      try {
        await attempt("await sleep(2_000)", () => sleep(2_000));
      } finally {
        // A checkpoint in `finally` without a shield.
        await attempt("in finally: await sleep(300)", () => sleep(300)).catch(() => {});
        await shield(() => attempt("in the shield: await sleep(300)", () => sleep(300)), {
          name: "shield: roll back",
        });
        await attempt("after the shield: await checkpoint()", () => checkpoint());
      }
    }),
  );
  return drawTimeLine([{ recording }], {
    title: "A shield in finally: after the limit of 500 ms, only the await in the shield does not throw",
    width: pictureWidth,
    file: true,
    id: "shield",
  });
}

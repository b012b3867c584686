import { Cancellable, waitFor } from "@hother/cancelable";
import { drawTimeLine } from "../playground/time-line.ts";
import { pictureWidth, record } from "./recorded-run.ts";

/** Picture 10: three ways to end the wait for a promise of another library, and the work that still runs afterwards. */
export async function drawPicture(): Promise<string> {
  const name = "operation";
  const nothing = await record(({ work }) =>
    Cancellable.withTimeout(400, { name }).settle((op) => work("report", 1_000, { below: op })),
  );
  const signal = await record(({ work }) =>
    Cancellable.withTimeout(400, { name }).settle((op) => work("report", 1_000, { scope: op })),
  );
  const wait = await record(({ work }) =>
    Cancellable.withTimeout(400, { name }).settle((op) =>
      waitFor(() => work("report", 1_000, { below: op })),
    ),
  );
  const grace = await record(({ work }) =>
    Cancellable.withTimeout(400, { name, grace: 200 }).settle((op) => work("report", 1_000, { below: op })),
  );
  return drawTimeLine(
    [
      {
        heading: "await report()",
        recording: nothing,
        note: "The limit waits for the body, and the body waits for the report.",
      },
      {
        heading: "await report({ signal: op.signal })",
        recording: signal,
        note: "The work itself stops. Prefer this way.",
      },
      {
        heading: "await waitFor(() => report())",
        recording: wait,
        note: "The wait ends. The work goes on, and its result is ignored.",
      },
      {
        heading: "grace: 200, and await report()",
        recording: grace,
        note: "After 200 ms more the operation ends without its body. The body and the work go on.",
      },
    ],
    {
      title: "A limit of 400 ms over a promise from another library: three bridges",
      width: pictureWidth,
      file: true,
      id: "bridges",
    },
  );
}

import { examples } from "./examples.ts";
import { type ProgramEnd, ProgramRun } from "./program-run.ts";
import type { Recording } from "./recording.ts";
import { styleSheet } from "./svg.ts";
import { drawTimeLine } from "./time-line.ts";

/** The time that a program may take, in ms. */
const limit = 5_000;

type Attributes = Readonly<Record<string, string>>;

function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Node | string>
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

const endings: Record<ProgramEnd["type"], string> = {
  ended: "The program has ended.",
  stopped: "You have stopped the program.",
  limit: `The program was ended after ${limit / 1_000} s.`,
  forbidden:
    "The content security policy of this page forbids code that is made from text ('unsafe-eval'), so programs cannot run here.",
  broken: "The program could not be started.",
};

/** Puts the playground into an element. The result stops the program and empties the element. */
export function mountPlayground(root: HTMLElement): () => void {
  const code = element("textarea", {
    id: "playground-code",
    class: "pg-code",
    spellcheck: "false",
    autocapitalize: "off",
    autocomplete: "off",
    rows: "21",
    wrap: "off",
  });
  const run = element("button", { type: "button", class: "pg-run" }, "Run");
  const stop = element("button", { type: "button", class: "pg-stop" }, "Stop");
  const status = element(
    "p",
    { class: "pg-status", role: "status" },
    "Press Run, or Ctrl+Enter in the editor.",
  );
  const picture = element("div", { class: "pg-picture" });
  const output = element("pre", { class: "pg-output", role: "log", "aria-label": "Output", tabindex: "0" });
  const buttons = examples.map(({ title }) =>
    element("button", { type: "button", class: "pg-example", "aria-pressed": "false" }, title),
  );
  root.replaceChildren(
    element("style", {}, styleSheet("page")),
    element("div", { class: "pg-examples", role: "group", "aria-label": "Examples" }, ...buttons),
    element("label", { class: "pg-label", for: "playground-code" }, "Program (JavaScript)"),
    code,
    element("div", { class: "pg-controls" }, run, stop, status),
    picture,
    output,
  );

  let program: ProgramRun | undefined;
  let recording: Recording | undefined;

  const draw = (): void => {
    if (recording === undefined || recording.bars.length === 0) {
      picture.replaceChildren();
      return;
    }
    const width = Math.max(280, Math.floor(picture.clientWidth));
    // Every text in it is escaped.
    picture.innerHTML = drawTimeLine([{ recording }], {
      title: "The time line of the program",
      width,
      id: "pg",
    });
  };
  const print = (level: string, text: string): void => {
    output.append(element("span", { class: `pg-line pg-${level}` }, `${text}\n`));
    output.scrollTop = output.scrollHeight;
  };
  const setRunning = (isRunning: boolean): void => {
    root.dataset.state = isRunning ? "running" : "idle";
    // Not `disabled`: a button that has the focus would lose it.
    stop.setAttribute("aria-disabled", String(!isRunning));
  };
  const start = (): void => {
    program?.stop();
    recording = undefined;
    draw();
    output.replaceChildren();
    status.textContent = "Starting …";
    setRunning(true);
    const current = new ProgramRun(code.value, limit, {
      started: () => {
        status.textContent = "Running …";
      },
      recording: (next) => {
        recording = next;
        draw();
      },
      print,
      ended: (end) => {
        if (program === current) program = undefined;
        if ("error" in end && end.error !== undefined) print("error", end.error);
        status.textContent =
          end.type === "ended" && end.error !== undefined ? "The program has failed." : endings[end.type];
        setRunning(false);
      },
    });
    program = current;
  };
  const choose = (index: number): void => {
    const example = examples[index];
    if (example === undefined) return;
    program?.stop();
    code.value = example.code;
    for (const [other, button] of buttons.entries())
      button.setAttribute("aria-pressed", String(other === index));
  };

  run.addEventListener("click", start);
  stop.addEventListener("click", () => program?.stop());
  code.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      start();
    }
  });
  for (const [index, button] of buttons.entries()) button.addEventListener("click", () => choose(index));
  const resized = new ResizeObserver(draw);
  resized.observe(root);
  choose(0);
  setRunning(false);
  return () => {
    resized.disconnect();
    program?.stop();
    root.replaceChildren();
  };
}

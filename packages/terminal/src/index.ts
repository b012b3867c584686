export type { ProgressViewOptions } from "./options.ts";
export { type ProgressView, renderProgress } from "./render-progress.ts";
export type { TerminalStream } from "./stream.ts";

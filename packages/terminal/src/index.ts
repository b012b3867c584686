export { type ProgressView, type ProgressViewOptions, renderProgress } from "./render-progress.ts";
export type { TerminalStream } from "./stream.ts";

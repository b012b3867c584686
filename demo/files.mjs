// @ts-check
/*
 * The eight files: how the server sends each file, and how long its download may take.
 */

/**
 * @typedef {object} DemoFile
 * @property {string} name
 * @property {number} size In bytes.
 * @property {number} speed The rate at which the server sends the file, in bytes per second.
 * @property {number} timeoutMs The limit of this download.
 * @property {"stall" | "error" | "damage"} [trouble] The fault at the server.
 */

const kB = 1_000;
const MB = 1_000_000;

/** How many times slower everything is. A test that sends a signal on the way needs the time. */
const slower = Number(process.env.DEMO_SLOWER ?? 1);

/** The deadline of all downloads together. It cancels `huge.iso`. */
export const deadlineMs = 6_000 * slower;

/** @type {readonly DemoFile[]} */
const all = [
  { name: "readme.txt", size: 48 * kB, speed: 1 * MB, timeoutMs: 6_000 },
  { name: "photo.jpg", size: 1.5 * MB, speed: 1 * MB, timeoutMs: 6_000 },
  { name: "song.flac", size: 5 * MB, speed: 2 * MB, timeoutMs: 6_000 },
  { name: "video.mp4", size: 9 * MB, speed: 3.2 * MB, timeoutMs: 9_000 },
  // The server changes one byte after it has sent the checksum.
  { name: "report.pdf", size: 2 * MB, speed: 0.8 * MB, timeoutMs: 6_000, trouble: "damage" },
  // The server sends 40 % of the file and then stalls.
  { name: "backup.tar", size: 4 * MB, speed: 2 * MB, timeoutMs: 3_000, trouble: "stall" },
  { name: "broken.zip", size: 300 * kB, speed: 1 * MB, timeoutMs: 6_000, trouble: "error" },
  { name: "huge.iso", size: 144 * MB, speed: 16 * MB, timeoutMs: 20_000 },
];
export const files = all.map((file) => ({
  ...file,
  speed: file.speed / slower,
  timeoutMs: file.timeoutMs * slower,
}));

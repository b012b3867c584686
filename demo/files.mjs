// @ts-check
/*
 * The eight files: what the server does with each, and how long its download may take.
 */

/**
 * @typedef {object} DemoFile
 * @property {string} name
 * @property {number} size Bytes.
 * @property {number} speed Bytes a second at which the server sends it.
 * @property {number} timeoutMs The download's own limit.
 * @property {"stall" | "error" | "damage"} [trouble] What goes wrong at the server.
 */

const kB = 1_000;
const MB = 1_000_000;

/** All downloads together may take this long; `huge.iso` is what it stops. */
export const deadlineMs = 6_000;

/** @type {readonly DemoFile[]} */
export const files = [
  { name: "readme.txt", size: 48 * kB, speed: 1 * MB, timeoutMs: 3_000 },
  { name: "photo.jpg", size: 1.5 * MB, speed: 1 * MB, timeoutMs: 6_000 },
  { name: "song.flac", size: 5 * MB, speed: 2 * MB, timeoutMs: 6_000 },
  { name: "video.mp4", size: 9 * MB, speed: 1.9 * MB, timeoutMs: 9_000 },
  // One byte is changed on the way, once the checksum has been sent.
  { name: "report.pdf", size: 2 * MB, speed: 0.7 * MB, timeoutMs: 6_000, trouble: "damage" },
  // Sends 40 %, and then nothing more.
  { name: "backup.tar", size: 4 * MB, speed: 2 * MB, timeoutMs: 3_000, trouble: "stall" },
  { name: "broken.zip", size: 300 * kB, speed: 1 * MB, timeoutMs: 3_000, trouble: "error" },
  { name: "huge.iso", size: 144 * MB, speed: 16 * MB, timeoutMs: 20_000 },
];

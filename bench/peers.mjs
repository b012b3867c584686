/**
 * Loads the module that a subject needs. Every import is written out, so that knip finds the dependency. An import
 * runs only when its subject is measured, so that the other subjects do not pay for it.
 */

import { pathToFileURL } from "node:url";

/** @type {Record<string, () => Promise<any>>} */
const modules = {
  "@hother/cancelable": () => import("@hother/cancelable"),
  "@hother/cancelable/sync": () => import("@hother/cancelable/sync"),
  "@hother/cancelable-backends/effect": () => import("@hother/cancelable-backends/effect"),
  "@hother/cancelable-backends/effection": () => import("@hother/cancelable-backends/effection"),
  "abort-controller-x": () => import("abort-controller-x"),
  "async-mutex": () => import("async-mutex"),
  "async-sema": () => import("async-sema"),
  caf: () => import("caf"),
  cockatiel: () => import("cockatiel"),
  effect: () => import("effect"),
  effection: () => import("effection"),
  "it-parallel": () => import("it-parallel"),
  "p-event": () => import("p-event"),
  "p-limit": () => import("p-limit"),
  "p-map": () => import("p-map"),
  "p-queue": () => import("p-queue"),
  "p-retry": () => import("p-retry"),
  "p-throttle": () => import("p-throttle"),
  "p-timeout": () => import("p-timeout"),
};

/** @type {string | undefined} */
let checkout;

/**
 * Makes this process load every module as the `bench/` folder of another checkout would. Needs Node's flag
 * `--experimental-import-meta-resolve`.
 *
 * @param {string} folder
 */
export function loadFrom(folder) {
  checkout = pathToFileURL(`${folder}/bench/`).href;
}

/**
 * The module, or `undefined` if it is not installed.
 *
 * @param {string} name
 */
export async function load(name) {
  const loading = modules[name];
  if (loading === undefined) throw new RangeError(`peers.mjs does not know the module ${name}`);
  try {
    return await (checkout === undefined ? loading() : import(import.meta.resolve(name, checkout)));
  } catch (error) {
    if (/** @type {any} */ (error).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

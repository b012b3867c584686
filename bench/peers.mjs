/**
 * Loads what a subject is `from`. Each import is written out, so that tools that look for unused dependencies
 * see it, and happens when the subject is measured: nobody pays for a module of somebody else.
 */

/** @type {Record<string, () => Promise<any>>} */
const modules = {
  "@hother/cancelable": () => import("@hother/cancelable"),
  "@hother/cancelable-backends/effect": () => import("@hother/cancelable-backends/effect"),
  "@hother/cancelable-backends/effection": () => import("@hother/cancelable-backends/effection"),
  "abort-controller-x": () => import("abort-controller-x"),
  "async-mutex": () => import("async-mutex"),
  "async-sema": () => import("async-sema"),
  caf: () => import("caf"),
  cockatiel: () => import("cockatiel"),
  effect: () => import("effect"),
  effection: () => import("effection"),
  "p-limit": () => import("p-limit"),
  "p-queue": () => import("p-queue"),
  "p-timeout": () => import("p-timeout"),
};

/**
 * The module, or `undefined` if it is not installed.
 *
 * @param {string} name
 */
export async function load(name) {
  const loading = modules[name];
  if (loading === undefined) throw new RangeError(`peers.mjs does not know the module ${name}`);
  try {
    return await loading();
  } catch (error) {
    if (/** @type {any} */ (error).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

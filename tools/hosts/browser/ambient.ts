// Stands in for `#platform/ambient` in a browser: the library's own module, which also tells lost-scope.ts about scopes.
import * as web from "../../../packages/cancelable/src/platform/ambient.web.ts";
import { noteScopeEntered, noteScopeMissing } from "../lost-scope.ts";

export * from "../../../packages/cancelable/src/platform/ambient.web.ts";

export const getStore: typeof web.getStore = () => {
  const store = web.getStore();
  if (store === undefined) noteScopeMissing();
  return store;
};

export const runWith: typeof web.runWith = (store, fn, argument) => {
  noteScopeEntered();
  return web.runWith(store, fn, argument);
};

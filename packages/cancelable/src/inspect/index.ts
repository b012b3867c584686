/// <reference lib="esnext.disposable" preserve="true" />
export { type LiveOperation, type LiveScope, liveScopes } from "./live-scopes.ts";

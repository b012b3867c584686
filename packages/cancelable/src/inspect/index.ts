export { type LiveOperation, type LiveScope, liveScopes } from "./live-scopes.ts";

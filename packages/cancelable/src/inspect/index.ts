/// <reference lib="esnext.disposable" preserve="true" />
export { keepPlaces } from "../place.ts";
export { type LiveOperation, type LiveScope, liveScopes } from "./live-scopes.ts";

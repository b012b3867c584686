export { VirtualBackend, type VirtualBackendOptions } from "./virtual-backend.ts";

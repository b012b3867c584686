/** Creates memory that all threads of the process can share. Its bytes are 0. */
export function createSharedMemory(byteLength: number): SharedArrayBuffer {
  return new SharedArrayBuffer(byteLength);
}

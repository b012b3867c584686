import { chownSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import { certificate } from "../shutdown/certificate.ts";
import { removeFolder, temporaryFolder } from "./server-process.ts";
import { unprivilegedUser } from "./unprivileged.ts";

/** The settings of a PostgreSQL server that accepts TLS. Their files are removed after the tests of the file. */
export function tlsSettings(): { ssl: string; ssl_cert_file: string; ssl_key_file: string } {
  const user = unprivilegedUser();
  const folder = temporaryFolder("tls", user);
  afterAll(() => removeFolder(folder));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `${text}\n`, { mode: 0o600 }); // the server refuses a key that other users can read
    if (user !== undefined) chownSync(path, user.uid, user.gid);
    return path;
  };
  return {
    ssl: "on",
    ssl_cert_file: file("cert.pem", certificate.cert),
    ssl_key_file: file("key.pem", certificate.key),
  };
}

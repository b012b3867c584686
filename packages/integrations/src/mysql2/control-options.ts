import type { ConnectionOptions } from "mysql2";
import type { RawConfig } from "./library.ts";

/** The options of a connection of the user that a connection for `KILL` needs, too. It needs no database and no formats. */
const needed = [
  "host",
  "port",
  "localAddress",
  "socketPath",
  "user",
  "password",
  "password2",
  "password3",
  "passwordSha1",
  "ssl",
  "stream",
  "connectTimeout",
  "compress",
  "insecureAuth",
  "authPlugins",
  "authSwitchHandler",
  "enableCleartextPlugin",
  "enableKeepAlive",
  "keepAliveInitialDelay",
] as const satisfies readonly (keyof ConnectionOptions)[];

/**
 * The options of a further connection to the server of `config`.
 *
 * @throws TypeError for a connection over a stream that was given, because no second connection can use this stream.
 */
export function neededOptions(config: RawConfig): ConnectionOptions {
  const { stream } = config;
  if (stream !== undefined && typeof stream !== "function")
    throw new TypeError(
      "A statement cannot be stopped: its connection has its own stream, so a second connection cannot be made; give options.control",
    );
  const options: Record<string, unknown> = {};
  for (const name of needed) if (config[name] !== undefined) options[name] = config[name];
  return options;
}

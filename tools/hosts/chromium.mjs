import { existsSync } from "node:fs";

/** Where Chromium is on this machine, if anywhere. On Debian `apt-get install chromium` installs it. */
export const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (path) => existsSync(path),
);

/** A URL for messages: without the user, the password, the query and the fragment, which can be secret. */
export function urlLabel(url: string): string {
  try {
    const { origin, pathname, protocol } = new URL(url);
    return origin === "null" ? `${protocol}${pathname}` : origin + pathname;
  } catch {
    // A relative URL, which only a browser can resolve.
    return url.replace(/[?#].*$/s, "");
  }
}

/** The method and the URL of a request, for messages. */
export function requestLabel(method: string, url: string): string {
  return `${method.toUpperCase()} ${urlLabel(url)}`;
}

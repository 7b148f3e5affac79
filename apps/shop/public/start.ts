import { part } from "./page-parts.ts";

/**
 * Loads the page's scripts. A file that does not arrive (a replica dies, or the browser drops all transfers because
 * a container joined the machine's network) is never asked for again by the browser, so the document is loaded
 * anew.
 */
const MOST_RELOADS = 3;
const state: { reloads?: number } | null = history.state;
const reloads = state?.reloads ?? 0;

try {
  const styles = document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"]');
  if ([...styles].some((link) => link.sheet === null))
    throw new Error("A style sheet of this page did not arrive.");
  await import("./page.ts");
  history.replaceState(null, "");
} catch (error) {
  if (reloads < MOST_RELOADS) {
    history.replaceState({ reloads: reloads + 1 }, "");
    location.reload();
  } else {
    const words = part("grid-empty", HTMLParagraphElement);
    words.textContent = "A part of this page did not load. Reload it to try again.";
    words.hidden = false;
    history.replaceState(null, "");
    throw error;
  }
}

import { existsSync } from "node:fs";
import { command } from "../lib/command.ts";
import { LabError } from "../lib/errors.ts";

/** Where browsers of the Chromium family usually are; CHROMIUM_PATH names another one. */
const PLACES = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** Program file of a Chromium. @throws LabError when there is none. */
export function chromiumPath(): string {
  const found = PLACES.find((place) => place && existsSync(place));
  if (!found)
    throw new LabError("The page tests need a Chromium or Chrome, and none was found.", {
      code: "chromium.missing",
      hint: "Install one, or set CHROMIUM_PATH to its program file.",
    });
  return found;
}

/** Installs Debian's Chromium and a font where there is none; does nothing elsewhere. */
export async function ensureChromium(onLine?: (line: string) => void): Promise<void> {
  if (PLACES.some((place) => place && existsSync(place))) return;
  if (!existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0) return;
  const options = {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(onLine ? { onLine } : {}),
    failure: "Chromium for the page tests could not be installed.",
  };
  await command("apt-get", ["update", "-q"], options);
  const packages = ["chromium", "fonts-dejavu-core"];
  await command("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], options);
}

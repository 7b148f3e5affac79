import { existsSync } from "node:fs";
import { command } from "../lib/command.ts";
import { LabError } from "../lib/errors.ts";
import { mayInstall } from "./settings.ts";

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

/** What the installation depends on; other than the machine's own in tests. */
const MACHINE = { places: PLACES, run: command, root: process.getuid?.() === 0 };

/** Installs Debian's Chromium and a font where there is none; does nothing elsewhere, or with LAB_INSTALL=no. */
export async function ensureChromium(
  onLine?: (line: string) => void,
  { places, run, root }: typeof MACHINE = MACHINE,
): Promise<void> {
  if (places.some((place) => place && existsSync(place))) return;
  if (!existsSync("/usr/bin/apt-get") || !root || !mayInstall()) return;
  const options = {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    ...(onLine ? { onLine } : {}),
    failure: "Chromium for the page tests could not be installed.",
  };
  await run("apt-get", ["update", "-q"], options);
  const packages = ["chromium", "fonts-dejavu-core"];
  await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...packages], options);
}

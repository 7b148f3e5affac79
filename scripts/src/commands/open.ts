import { execa } from "execa";
import { result } from "../lib/output.ts";
import { defineVerb } from "../lib/verb.ts";
import { friendlyUrl, settings } from "../runtime/settings.ts";

export default defineVerb({
  meta: {
    name: "open",
    description: "Open the shop in a browser, or print its address where there is none",
    example: "npm run lab:open",
  },
  async run() {
    const url = new URL("/shop", friendlyUrl(settings())).href;
    const opened = await openBrowser(url);
    result({ url, opened }, () => (opened ? `Opened ${url}` : `Open ${url} in a browser.`));
  },
});

/** The system's own way to open an address. False where no desktop is at hand. */
async function openBrowser(url: string): Promise<boolean> {
  const desktop = process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (process.platform === "linux" && !desktop) return false;
  const [file, args] =
    process.platform === "darwin"
      ? ["open", [url]]
      : process.platform === "win32"
        ? ["cmd", ["/c", "start", "", url]]
        : ["xdg-open", [url]];
  const { exitCode } = await execa(file as string, args as string[], {
    reject: false,
    stdio: "ignore",
    timeout: 10_000,
  });
  return exitCode === 0;
}

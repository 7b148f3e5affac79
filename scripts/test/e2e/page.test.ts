import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paths } from "../../src/lib/paths.ts";
import { chromiumPath } from "../../src/runtime/chromium.ts";
import { at, labOk } from "./harness.ts";

const pictures = join(paths.root, "artefacts");
let browser: Browser;

/** Opens the shop until its event stream hangs on the wanted replica, as round robin sooner or later gives. */
async function shopOn(instance: string): Promise<Page> {
  for (let tries = 0; tries < 20; tries++) {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
    await page.goto(at("/shop"));
    const stream = page.locator('[data-testid="stream-state"][data-state="live"]');
    await stream.waitFor();
    if ((await stream.getAttribute("data-instance")) === instance) return page;
    await page.context().close();
  }
  throw new Error(`In 20 tries no event stream was opened on replica ${instance}.`);
}

const stockOf = (page: Page, product: string) =>
  page.locator(`[data-testid="product-card"][data-product-id="${product}"] [data-testid="stock"]`);
const number = async (page: Page, product: string) =>
  Number((await stockOf(page, product).innerText()).replace(/\D/g, ""));

describe("the shop page", () => {
  beforeAll(async () => {
    await labOk("up");
    await labOk("reset");
    await mkdir(pictures, { recursive: true });
    browser = await chromium.launch({
      executablePath: await chromiumPath(),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
    });
  });
  afterAll(() => browser?.close());

  it("shows a purchase in another browser that hangs on another replica", async () => {
    const [buyer, watcher] = [await shopOn("1"), await shopOn("2")];
    const before = await number(watcher, "brass-sextant");
    await buyer.locator('[data-product-id="brass-sextant"] [data-testid="buy"]').click();
    await expect.poll(() => number(watcher, "brass-sextant"), { timeout: 10_000 }).toBe(before - 1);
    await expect.poll(() => number(buyer, "brass-sextant"), { timeout: 10_000 }).toBe(before - 1);
    await buyer.screenshot({ path: join(pictures, "shop-replica-1.png") });
    await watcher.screenshot({ path: join(pictures, "shop-replica-2.png") });
    await buyer.context().close();
    await watcher.context().close();
  });

  it("shows a purchase of its own all the way into the books", async () => {
    const page = await shopOn("1");
    await page.locator('[data-product-id="sea-chart"] [data-testid="buy"]').click();
    const way = page.locator('[data-testid="way"]');
    await way.waitFor();
    // Booked ways leave after seven seconds, so the step is watched for and not looked up later.
    await page.locator('[data-testid="way"][data-step="booked"]').waitFor({ timeout: 30_000 });
    expect(await way.textContent()).toMatch(/booked by orders [12] after \d/);
    await page.context().close();
  });

  it("makes round robin visible: a burst of 20 is 10 and 10", async () => {
    const page = await shopOn("1");
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
    await page.locator('[data-testid="burst"]').click();
    await expect
      .poll(() => page.locator('[data-testid="burst-result"]').innerText(), { timeout: 10_000 })
      .toMatch(/10\D+10/);
    const cells = await page
      .locator('[data-testid="strip-cell"]')
      .evaluateAll((all) => all.map((cell) => cell.getAttribute("data-instance")));
    expect(new Set(cells.filter((cell) => cell !== null && cell !== ""))).toEqual(new Set(["1", "2"]));
    expect(await page.locator('[data-testid="strategy"]').innerText()).toContain("round-robin");
    expect(errors).toEqual([]);
    await page.screenshot({ path: join(pictures, "shop-burst.png"), fullPage: true });
    await page.context().close();
  });

  it("is bought from with the keyboard alone", async () => {
    const page = await shopOn("2");
    // The stream's snapshot brings the stock; until then there is none to read.
    await expect.poll(() => number(page, "hemp-rope"), { timeout: 10_000 }).toBeGreaterThan(0);
    const before = await number(page, "hemp-rope");
    await page.locator('[data-product-id="hemp-rope"] [data-testid="buy"]').focus();
    await page.keyboard.press("Enter");
    await expect.poll(() => number(page, "hemp-rope"), { timeout: 10_000 }).toBe(before - 1);
    await page.context().close();
  });

  it.each([
    ["phone", "light", 375],
    ["phone", "dark", 375],
    ["desktop", "light", 1280],
    ["desktop", "dark", 1280],
  ] as const)("fits a %s, %s", async (device, colorScheme, width) => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    const page = await context.newPage();
    await page.goto(at("/shop"));
    await page.locator('[data-testid="stream-state"][data-state="live"]').waitFor();
    const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(overflow).toBeLessThanOrEqual(0);
    await page.screenshot({ path: join(pictures, `shop-${device}-${colorScheme}.png`), fullPage: true });
    await context.close();
  });
});

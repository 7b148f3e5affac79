import { describe, expect, it } from "vitest";
import { readBlock, withBlock, withoutBlock } from "../../src/runtime/images/env-block.ts";

const OWN = { REDIS_IMAGE: "evenkeel/redis:8", NGINX_IMAGE: "evenkeel/nginx:1.30" };
const users = {
  "Unix lines": "# mine\nLAB_PORT=8001\n\n#NGINX_IMAGE=\n",
  "Windows lines": "# mine\r\nLAB_PORT=8001\r\n",
  "no newline at the end": "LAB_PORT=8001",
  "an empty file": "",
};

describe.each(Object.entries(users))("our block in a .env with %s", (_, text) => {
  it("can be read back", () => expect(readBlock(withBlock(text, OWN))).toEqual(OWN));

  it("leaves the user's bytes alone, and leaves with its own", () => {
    const written = withBlock(text, OWN);
    expect(written.startsWith(text)).toBe(true);
    // Only a missing newline before the block is added, and stays: it belongs to nobody.
    expect(withoutBlock(written).replace(/\n$/, "")).toBe(text.replace(/\n$/, ""));
    expect(withBlock(written, {})).toBe(withoutBlock(written));
  });

  it("is the same when written twice", () => {
    const once = withBlock(text, OWN);
    expect(withBlock(once, OWN)).toBe(once);
    expect(withBlock(once, { NGINX_IMAGE: "other" })).toBe(withBlock(text, { NGINX_IMAGE: "other" }));
  });
});

describe("our block", () => {
  it("has the line endings of the file", () => {
    expect(withBlock("A=1\r\n", OWN).match(/(?<!\r)\n/)).toBeNull();
    expect(withBlock("A=1\n", OWN)).not.toContain("\r");
  });

  it("moves to the end, so that it is the last word, and keeps what the user wrote behind it", () => {
    const moved = withBlock(`${withBlock("A=1\n", OWN)}B=2\n`, OWN);
    expect(withoutBlock(moved)).toBe("A=1\nB=2\n");
    expect(moved.indexOf("B=2")).toBeLessThan(moved.indexOf("NGINX_IMAGE"));
  });

  it("that lost its end takes none of the user's lines with it", () => {
    const broken = withBlock("A=1\n", OWN).replace(/# <<<.*\n/, "LAB_PORT=8001\n");
    expect(withoutBlock(broken)).toBe("A=1\nLAB_PORT=8001\n");
  });
});

import { describe, expect, it } from "vitest";
import { parseHead } from "../../src/runtime/load/response-head.ts";
import { ResponseParser } from "../../src/runtime/load/response-parser.ts";

const HEAD = "HTTP/1.1 201 Created\r\nX-Instance-ID: 3\r\nx-strategy: least-conn\r\n";
interface Case {
  name: string;
  bytes: string;
  body: string;
  method?: string;
  keepAlive?: boolean;
  /** Complete only when the connection ends. */
  untilClose?: boolean;
  status?: number;
}
const cases: Case[] = [
  { name: "Content-Length", bytes: `${HEAD}Content-Length: 5\r\n\r\nhello`, body: "hello" },
  { name: "an empty body", bytes: `${HEAD}Content-Length: 0\r\n\r\n`, body: "" },
  {
    name: "equal lengths twice",
    bytes: `${HEAD}Content-Length: 2\r\ncontent-length: 2\r\n\r\nhi`,
    body: "hi",
  },
  {
    name: "chunks with extensions and trailers",
    bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0A\r\n, world!\r\n\r\n0\r\nTrailer: x\r\n\r\n`,
    body: "hello, world!\r\n",
  },
  {
    name: "chunks whatever Content-Length says",
    bytes: `${HEAD}Content-Length: 900\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    body: "hi",
  },
  { name: "HEAD", method: "HEAD", bytes: `${HEAD}Content-Length: 500\r\n\r\n`, body: "" },
  { name: "204", bytes: "HTTP/1.1 204 No Content\r\n\r\n", body: "", status: 204 },
  {
    name: "304 with a length",
    bytes: "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    body: "",
    status: 304,
  },
  {
    name: "1xx before the answer",
    bytes: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${HEAD}Content-Length: 2\r\n\r\nok`,
    body: "ok",
  },
  {
    name: "Connection: close with a length",
    bytes: `${HEAD}Connection: foo, Close\r\nContent-Length: 2\r\n\r\nok`,
    body: "ok",
    keepAlive: false,
  },
  {
    name: "a body until the end",
    bytes: `${HEAD}\r\nall of it`,
    body: "all of it",
    keepAlive: false,
    untilClose: true,
  },
  {
    name: "HTTP/1.0",
    bytes: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    body: "ok",
    keepAlive: false,
    status: 200,
  },
  { name: "no reason phrase", bytes: "HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", body: "x", status: 200 },
  {
    name: "lines that look like an end inside the body",
    bytes: `${HEAD}Content-Length: 12\r\n\r\n\r\n\r\nHTTP/1.1`,
    body: "\r\n\r\nHTTP/1.1",
  },
];

describe("response parser", () => {
  for (const {
    name,
    bytes,
    body,
    method = "GET",
    keepAlive = true,
    untilClose = false,
    status = 201,
  } of cases) {
    const check = (parts: string[]) => {
      const parser = new ResponseParser();
      parser.begin(method, true);
      const said = parts.map((part) => parser.feed(Buffer.from(part, "latin1")));
      // Complete with the last byte and not before.
      expect(said).toEqual(parts.map((_, i) => !untilClose && i === parts.length - 1));
      if (untilClose) expect(parser.finish()).toBe(true);
      expect(parser.body).toBe(body);
      expect(parser.head).toMatchObject({ status, keepAlive });
      expect(parser.surplus).toBe(false);
    };
    it(`reads ${name}, cut at every byte`, () => {
      for (let cut = 1; cut < bytes.length; cut++) check([bytes.slice(0, cut), bytes.slice(cut)]);
    });
    it(`reads ${name}, byte by byte`, () => check([...bytes]));
    it(`reads ${name} in one piece`, () => check([bytes]));
  }

  it("reads the replica and the strategy, in any case, and skips a body nobody wants", () => {
    const parser = new ResponseParser();
    parser.begin("GET", false);
    expect(parser.feed(Buffer.from(`${HEAD}Content-Length: 3\r\n\r\nabc`))).toBe(true);
    expect(parser.head).toMatchObject({ replica: "3", strategy: "least-conn" });
    expect(parser.body).toBe("");
  });

  it("looks at the given number of bytes only: what lies behind them in memory is old", () => {
    const parser = new ResponseParser();
    parser.begin("GET", true);
    const memory = Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`);
    const end = memory.indexOf("\r\nabc");
    expect(parser.feed(memory, end)).toBe(false);
    expect(parser.feed(memory.subarray(end))).toBe(true);
    expect(parser.body).toBe("abc");
  });

  it("notices bytes behind the answer, which would be taken for the next one", () => {
    const parser = new ResponseParser();
    parser.begin("GET", false);
    expect(parser.feed(Buffer.from(`${HEAD}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n`))).toBe(true);
    expect(parser.surplus).toBe(true);
  });

  it("does not call an answer complete that was cut off", () => {
    for (const bytes of [
      HEAD,
      `${HEAD}Content-Length: 5\r\n\r\nhell`,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n`,
    ]) {
      const parser = new ResponseParser();
      parser.begin("GET", false);
      expect(parser.feed(Buffer.from(bytes))).toBe(false);
      expect(parser.finish()).toBe(false);
    }
  });

  it("refuses what is no HTTP/1.1 answer or contradicts itself", () => {
    const wrong = [
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/2 200 OK\r\n\r\n",
      "HTTP/1.1 99 Low\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      `${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`,
      `${HEAD}Content-Length: 5, 6\r\n\r\n`,
      `${HEAD}Content-Length: -1\r\n\r\n`,
      `${HEAD}Content-Length: 0x10\r\n\r\n`,
      `${HEAD}Content-Length\r\n\r\n`,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\nz\r\n`,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n-1\r\n`,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n`,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\n`,
      `${HEAD}X: ${"x".repeat(70_000)}`,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(9000)}`,
    ];
    for (const bytes of wrong) {
      const parser = new ResponseParser();
      parser.begin("GET", false);
      expect(() => parser.feed(Buffer.from(bytes)), bytes.slice(0, 90)).toThrow(/answer/i);
    }
  });

  it("goes on with the next answer on the same connection", () => {
    const parser = new ResponseParser();
    for (const word of ["one", "two"]) {
      parser.begin("GET", true);
      expect(parser.begun).toBe(false);
      expect(parser.feed(Buffer.from(`${HEAD}Content-Length: 3\r\n\r\n${word}`))).toBe(true);
      expect(parser.body).toBe(word);
    }
  });
});

describe("answer head", () => {
  it("takes headers of the same first letter for what they are", () => {
    const head = parseHead(
      "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nX-Served-By: a\r\nTE: trailers\r\nX-Instance-ID:2",
    );
    expect(head).toEqual({
      status: 200,
      keepAlive: true,
      chunked: false,
      length: undefined,
      replica: "2",
      strategy: undefined,
    });
  });
});

import { MalformedAnswer, parseHead, type ResponseHead } from "./response-head.ts";

const HEAD = 0;
const FIXED = 1;
const UNTIL_CLOSE = 2;
const CHUNK_SIZE = 3;
const CHUNK_DATA = 4;
const CHUNK_END = 5;
const TRAILERS = 6;
const DONE = 7;

const LONGEST_HEAD = 65_536;
const LONGEST_LINE = 8192;
const LF = 0x0a;

/**
 * Reads one answer after the other from a connection, HTTP/1.1, however the bytes are cut. Small and ours because
 * a load generator pays for every byte: a body that nobody wants is skipped, not copied.
 */
export class ResponseParser {
  /** Of the current answer, once it is complete. */
  head: ResponseHead | undefined;
  /** Of the current answer when it was asked for, one character per byte. */
  body = "";
  /** There were bytes behind the answer: they belong to nothing that was asked, so the connection is spoilt. */
  surplus = false;
  #state = DONE;
  #method = "GET";
  #wantsBody = false;
  /** Beginning of a head or a line whose end has not come yet. */
  #held = "";
  /** Bytes that are still to come of the body or the chunk. */
  #left = 0;

  /** Something of the answer has come. */
  get begun(): boolean {
    return this.#state !== HEAD || this.#held !== "";
  }

  /** Expects the answer to a request. */
  begin(method: string, wantsBody: boolean): void {
    this.head = undefined;
    this.body = "";
    this.#state = HEAD;
    this.#method = method;
    this.#wantsBody = wantsBody;
    this.#held = "";
  }

  /**
   * Takes the first `end` bytes.
   * @returns true when they complete the answer.
   * @throws MalformedAnswer
   */
  feed(bytes: Buffer, end = bytes.length): boolean {
    let at = 0;
    while (at < end && this.#state !== DONE) {
      if (this.#state === HEAD) at = this.#readHead(bytes, at, end);
      else if (this.#state === FIXED || this.#state === CHUNK_DATA) at = this.#skip(bytes, at, end);
      else if (this.#state === UNTIL_CLOSE) {
        if (this.#wantsBody) this.body += bytes.toString("latin1", at, end);
        at = end;
      } else at = this.#readLine(bytes, at, end);
    }
    if (at < end) this.surplus = true;
    return this.#state === DONE;
  }

  /** The connection ended. @returns true when that completes the answer. */
  finish(): boolean {
    if (this.#state === UNTIL_CLOSE) this.#state = DONE;
    return this.#state === DONE;
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    const before = this.#held.length;
    const text = this.#held + bytes.toString("latin1", at, end);
    const empty = text.indexOf("\r\n\r\n", Math.max(0, before - 3));
    if (empty < 0 ? text.length > LONGEST_HEAD : empty > LONGEST_HEAD)
      throw new MalformedAnswer(`An answer's head is longer than ${LONGEST_HEAD} bytes.`);
    if (empty < 0) {
      this.#held = text;
      return end;
    }
    this.#held = "";
    const head = parseHead(text.slice(0, empty));
    // 1xx: the answer proper comes behind it. 101 would end HTTP, and nobody asked for that.
    if (head.status === 101) throw new MalformedAnswer("An answer switches protocols.");
    if (head.status >= 200) this.#expectBody(head);
    return at + empty + 4 - before;
  }

  /** RFC 9112, 6.3, in its order. */
  #expectBody(head: ResponseHead): void {
    this.head = head;
    this.#left = head.length ?? 0;
    if (this.#method === "HEAD" || head.status === 204 || head.status === 304) this.#state = DONE;
    else if (head.chunked) this.#state = CHUNK_SIZE;
    else if (head.length === undefined) {
      head.keepAlive = false;
      this.#state = UNTIL_CLOSE;
    } else this.#state = head.length === 0 ? DONE : FIXED;
  }

  #skip(bytes: Buffer, at: number, end: number): number {
    const to = Math.min(end, at + this.#left);
    if (this.#wantsBody) this.body += bytes.toString("latin1", at, to);
    this.#left -= to - at;
    if (this.#left === 0) this.#state = this.#state === FIXED ? DONE : CHUNK_END;
    return to;
  }

  #readLine(bytes: Buffer, at: number, end: number): number {
    const feed = bytes.indexOf(LF, at);
    const complete = feed >= 0 && feed < end;
    const to = complete ? feed + 1 : end;
    this.#held += bytes.toString("latin1", at, to);
    if (this.#held.length > LONGEST_LINE) throw new MalformedAnswer("A line of a chunked answer has no end.");
    if (!complete) return to;
    const line = this.#held;
    this.#held = "";
    if (!line.endsWith("\r\n")) throw new MalformedAnswer("A line of a chunked answer ends without CR.");
    this.#takeLine(line.slice(0, -2));
    return to;
  }

  #takeLine(line: string): void {
    if (this.#state === CHUNK_SIZE) {
      const size = /^([0-9a-f]{1,12})[ \t]*(;.*)?$/i.exec(line)?.[1];
      if (!size) throw new MalformedAnswer(`A chunk of an answer has the size "${line.slice(0, 20)}".`);
      this.#left = Number.parseInt(size, 16);
      this.#state = this.#left === 0 ? TRAILERS : CHUNK_DATA;
    } else if (this.#state === CHUNK_END) {
      if (line !== "") throw new MalformedAnswer("A chunk of an answer is longer than it said.");
      this.#state = CHUNK_SIZE;
    } else if (line === "") this.#state = DONE;
  }
}

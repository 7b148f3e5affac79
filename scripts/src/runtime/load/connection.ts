import { connect, type Socket } from "node:net";
import { ResponseParser } from "./response-parser.ts";

/** Where connections go, and who hears of them. */
export interface ConnectionOwner {
  host: string;
  port: number;
  /** The answer is complete; `reusable` when the connection can carry another request. */
  onAnswer: (connection: Connection, reusable: boolean) => void;
  /** The connection is gone, with or without a request on it. */
  onGone: (connection: Connection) => void;
}

/** Every socket of a thread reads into the same memory: its bytes are parsed before the next read. */
const MEMORY = Buffer.allocUnsafeSlow(65_536);

/** One TCP connection; carries one request at a time. */
export class Connection {
  readonly parser = new ResponseParser();
  /** What it carries; its owner's business. */
  request: unknown;
  readonly #socket: Socket;
  #gone = false;
  #busy = false;

  constructor(owner: ConnectionOwner) {
    const gone = () => {
      if (this.#gone) return;
      this.#gone = true;
      this.#socket.destroy();
      owner.onGone(this);
    };
    this.#socket = connect({
      host: owner.host,
      port: owner.port,
      noDelay: true,
      onread: {
        buffer: MEMORY,
        callback: (length) => {
          if (this.#gone) return false;
          // Bytes that nobody asked for, such as a 408 on an idle connection, spoil it.
          if (!this.#busy) {
            gone();
            return false;
          }
          try {
            if (this.parser.feed(MEMORY, length)) this.#done(owner, gone);
          } catch {
            gone();
          }
          return true;
        },
      },
    });
    this.#socket.on("error", gone);
    this.#socket.on("close", gone);
    this.#socket.on("end", () => {
      if (this.#busy && this.parser.finish()) this.#done(owner, gone);
      else gone();
    });
  }

  /** @param text One character per byte. */
  send(text: string, method: string, wantsBody: boolean): void {
    this.#busy = true;
    this.parser.begin(method, wantsBody);
    this.#socket.write(text, "latin1");
  }

  /** Ends the connection without a word to its owner. */
  destroy(): void {
    this.#gone = true;
    this.#socket.destroy();
  }

  #done(owner: ConnectionOwner, gone: () => void): void {
    this.#busy = false;
    const reusable = this.parser.head?.keepAlive === true && !this.parser.surplus;
    owner.onAnswer(this, reusable);
    if (!reusable) gone();
  }
}

import { Connection, type ConnectionOwner } from "./connection.ts";
import type { ResponseHead } from "./response-head.ts";

/** A request on its way. Times in milliseconds. */
export interface Flight {
  n: number;
  /** Index of its kind. */
  kind: number;
  /** Since the beginning of the load. */
  due: number;
  method: string;
  /** Its answer's body is of interest. */
  wantsBody: boolean;
  connection: Connection | undefined;
  over: boolean;
}

export interface ClientOptions {
  host: string;
  port: number;
  reuse: boolean;
  maxConnections: number;
  /** What goes over the wire, asked for right before; a request that waits needs no memory for it. */
  textOf: (flight: Flight) => string;
  /** It was written to an open connection, or a connection was begun for it. */
  onSent: (flight: Flight) => void;
  onAnswer: (flight: Flight, head: ResponseHead, body: string) => void;
  /** No whole answer came, and none will. */
  onUnanswered: (flight: Flight) => void;
}

/**
 * The connections of one thread. Nothing is ever sent twice: a request whose connection ends is unanswered, also when
 * the connection was idle and the server closed it at that very moment (RFC 9110 would allow to repeat a GET then;
 * but a failure that clients can feel shall not be hidden).
 */
export class Client {
  readonly #options: ClientOptions;
  readonly #owner: ConnectionOwner;
  readonly #idle: Connection[] = [];
  /** From `#next` on; `shift` would move all that wait, each time. */
  #waiting: Flight[] = [];
  #next = 0;
  #open = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#owner = {
      host: options.host,
      port: options.port,
      onAnswer: (connection, reusable) => this.#answered(connection, reusable),
      onGone: (connection) => this.#gone(connection),
    };
  }

  send(flight: Flight): void {
    const connection = this.#idle.pop();
    if (connection) this.#carry(connection, flight);
    else if (this.#open < this.#options.maxConnections) {
      this.#open++;
      this.#carry(new Connection(this.#owner), flight);
    } else this.#waiting.push(flight);
  }

  /** Gives a request up; one that waits for a connection was never sent. */
  abandon(flight: Flight): void {
    if (flight.over) return;
    flight.over = true;
    const { connection } = flight;
    if (!connection) return;
    this.#options.onUnanswered(flight);
    connection.request = undefined;
    connection.destroy();
    this.#freed();
  }

  #carry(connection: Connection, flight: Flight): void {
    connection.request = flight;
    flight.connection = connection;
    connection.send(this.#options.textOf(flight), flight.method, flight.wantsBody);
    this.#options.onSent(flight);
  }

  #answered(connection: Connection, reusable: boolean): void {
    const flight = connection.request as Flight | undefined;
    connection.request = undefined;
    const { head, body } = connection.parser;
    if (flight && head) {
      flight.over = true;
      this.#options.onAnswer(flight, head, body);
    }
    if (!reusable || !this.#options.reuse) {
      // `gone` follows for the first; the second is ours to close.
      if (reusable) {
        connection.destroy();
        this.#freed();
      }
      return;
    }
    const next = this.#nextWaiting();
    if (next) this.#carry(connection, next);
    else this.#idle.push(connection);
  }

  #gone(connection: Connection): void {
    const flight = connection.request as Flight | undefined;
    connection.request = undefined;
    if (flight && !flight.over) {
      flight.over = true;
      this.#options.onUnanswered(flight);
    } else {
      const at = this.#idle.indexOf(connection);
      if (at >= 0) this.#idle.splice(at, 1);
    }
    this.#freed();
  }

  #freed(): void {
    this.#open--;
    const next = this.#nextWaiting();
    if (next) this.send(next);
  }

  #nextWaiting(): Flight | undefined {
    while (this.#next < this.#waiting.length) {
      const flight = this.#waiting[this.#next++];
      if (flight && !flight.over) return flight;
    }
    this.#waiting = [];
    this.#next = 0;
    return undefined;
  }
}

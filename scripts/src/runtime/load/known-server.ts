import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";

/** One request as the server saw it. Times in milliseconds of the machine's monotonic clock. */
export interface Served {
  /** The number at the end of its id: its place in the generator's sequence. */
  n: number;
  /** Number of the connection on which it came. */
  connection: number;
  arrival: number;
  /** When it was to be answered. */
  due: number;
  /** When its answer was written. */
  written: number;
}
/** What the server is told. */
export type ServerOrder = { latencyMs: number; stall?: { afterMs: number; ms: number } } | { report: true };
/** What it says. */
export type ServerWord = { port: number } | { ready: true } | { served: Served[] };

/** A server of known latency in a process of its own. */
export class KnownServer implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(): Promise<KnownServer> {
    const child = fork(new URL("./known-server-process.ts", import.meta.url), { execArgv: [] });
    const { port } = (await word(child)) as { port: number };
    return new KnownServer(`http://127.0.0.1:${port}`, child);
  }

  /** From now on each request takes this long; the stall, if any, begins so long after the next request. */
  async behave(latencyMs: number, stall?: { afterMs: number; ms: number }): Promise<void> {
    await this.#ask({ latencyMs, ...(stall ? { stall } : {}) });
  }

  /** What it has answered since it was last told how to behave. */
  async served(): Promise<Served[]> {
    const said = (await this.#ask({ report: true })) as { served: Served[] };
    return said.served;
  }

  async #ask(order: ServerOrder): Promise<ServerWord> {
    this.#child.send(order);
    return word(this.#child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
  }
}

function word(child: ChildProcess): Promise<ServerWord> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      child.off("message", heard);
      child.off("error", failed);
      child.off("exit", ended);
      act();
    };
    const heard = (said: unknown) => settle(() => resolve(said as ServerWord));
    const failed = (error: Error) => settle(() => reject(error));
    const ended = () => settle(() => reject(new Error("The server of known latency ended early.")));
    child.on("message", heard);
    child.on("error", failed);
    child.on("exit", ended);
  });
}

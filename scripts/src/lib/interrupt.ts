const controller = new AbortController();

/** Aborted by Ctrl-C or SIGTERM: children end, waits end, then the program does. */
export const interrupted: AbortSignal = controller.signal;

/** Called by the command line alone. */
export function interrupt(name: string): void {
  controller.abort(new Error(`Interrupted by ${name}.`));
}

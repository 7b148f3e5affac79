import { type CommandOptions, command } from "../../lib/command.ts";

/** Runs a command as root: directly, or through a sudo that asks nothing. */
export async function asRoot(file: string, args: string[], options: CommandOptions = {}): Promise<string> {
  if (process.getuid?.() === 0) return command(file, args, options);
  // sudo drops the environment; what the command needs goes on its own command line.
  const env = Object.entries(options.env ?? {}).map(([name, value]) => `${name}=${value}`);
  return command("sudo", ["-n", "env", ...env, file, ...args], options);
}

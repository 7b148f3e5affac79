import { Listr, ListrLogger, type ListrTask, type ListrTaskWrapper, ProcessOutput } from "listr2";

type Task = ListrTask<undefined>;
// biome-ignore lint/suspicious/noExplicitAny: the library's own type for "whichever renderer was chosen".
type Wrapper = ListrTaskWrapper<undefined, any, any>;

/** Handle of a running step. */
export interface Step {
  /** A remark that stays in the log. */
  say(text: string): void;
  /** A figure that changes often; a log without a terminal gets one every five seconds. */
  progress(text: string): void;
  /** Another wording of the step, "nginx: pulled". */
  title(text: string): void;
  /** Steps below this one. */
  steps(tasks: StepTask[], options?: StepsOptions): Promise<void>;
}

export interface StepTask {
  title: string;
  run: (step: Step) => Promise<void> | void;
}

export interface StepsOptions {
  /** How many run at a time; one when not given. */
  concurrent?: number;
}

/** Pause between two figures of the same step in a log. */
const LOG_EVERY_MS = 5000;

/**
 * Runs steps one after the other and shows how far they are: live in a terminal, as lines elsewhere. Always on
 * standard error, so that standard output carries the result alone.
 * @throws the first error of a step, unchanged.
 */
export async function steps(tasks: StepTask[], options: StepsOptions = {}): Promise<void> {
  const terminal = Boolean(process.stderr.isTTY && process.stdout.isTTY) && !process.env.CI;
  const processOutput = new ProcessOutput(process.stderr, process.stderr);
  const list = new Listr<undefined, "default", "verbose">(
    tasks.map((task) => toListr(task, terminal)),
    {
      concurrent: options.concurrent ?? false,
      exitOnError: true,
      registerSignalListeners: false,
      renderer: "default",
      fallbackRenderer: "verbose",
      fallbackRendererCondition: !terminal,
      rendererOptions: {
        collapseSubtasks: true,
        showErrorMessage: false,
        logger: new ListrLogger({ processOutput }),
      },
      fallbackRendererOptions: { logger: new ListrLogger({ processOutput }) },
    },
  );
  try {
    await list.run();
  } catch (error) {
    throw error instanceof StepFailed ? error.reason : error;
  }
}

/** What the list shows of a failure is the step's name; the reason is printed once, by the command line. */
class StepFailed extends Error {
  readonly reason: unknown;

  constructor(title: string, reason: unknown) {
    super(title);
    this.reason = reason;
  }
}

function toListr(task: StepTask, terminal: boolean): Task {
  return {
    title: task.title,
    task: async (_: undefined, wrapper: Wrapper) => {
      try {
        await task.run(handle(wrapper, terminal));
      } catch (error) {
        throw error instanceof StepFailed ? error : new StepFailed(task.title, error);
      }
    },
    rendererOptions: { outputBar: 1 },
  } as Task;
}

function handle(wrapper: Wrapper, terminal: boolean): Step {
  let lastFigure = 0;
  return {
    say: (text) => {
      wrapper.output = text;
    },
    progress: (text) => {
      const now = performance.now();
      if (!terminal && now - lastFigure < LOG_EVERY_MS) return;
      lastFigure = now;
      wrapper.output = text;
    },
    title: (text) => {
      wrapper.title = text;
    },
    steps: async (tasks, options = {}) => {
      const below = tasks.map((task) => toListr(task, terminal));
      await wrapper.newListr(below, { concurrent: options.concurrent ?? false, exitOnError: true }).run();
    },
  };
}

import { LabError } from "../../lib/errors.ts";

/** There was not a single answer: that is no slow lab, but none. */
export const nobodyAnswered = (url: string): LabError =>
  new LabError(`Nobody answered at ${url}, so nothing was measured.`, {
    code: "lab.down",
    hint: "Start the lab with: npm run lab:up",
  });

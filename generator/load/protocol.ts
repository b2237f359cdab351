import type { JobModel, NamedType, Problem, WorkflowModel } from "../model/model.ts";

/** To a child that waits: the schema can be run now. */
export interface Go {
  readonly type: "go";
}

/** To a child that waits: the jobs of the last load, as JSON, so that it sends only others. */
export interface Known {
  readonly type: "known";
  readonly texts: readonly string[];
}

/** To a child that has run the schema: what it would say if some entries of `defineJobs({ … })` were others. */
export interface Edit {
  readonly type: "edit";
  /** JavaScript: an object of the other entries. */
  readonly code: string;
  /** Of all entries, in the order of the text. */
  readonly keys: readonly string[];
  /** The file without entries that stay. */
  readonly excerpt: string;
}

export type ParentMessage = Go | Known | Edit;

/** The answer to an edit. Types with names stay what they were. */
export interface Edited {
  readonly type: "edited";
  /** Of all jobs, in their order. */
  readonly names: readonly string[];
  /** Those that may be others than before. */
  readonly jobs: readonly JobModel[];
  readonly workflows?: readonly WorkflowModel[];
}

/** The answer to an edit of which the child cannot tell. */
export interface Declined {
  readonly type: "declined";
}

/** From a child that starts the compiler, before its answer: the time of the schema begins again. */
export interface Compiling {
  readonly type: "compiling";
}

/** What the child process tells: the schema as data, or why there is none. `Job`: a number for one that `Known` has. */
export type ChildMessage<Job = JobModel> =
  | {
      readonly type: "loaded";
      readonly jobs: readonly Job[];
      readonly workflows?: readonly WorkflowModel[];
      readonly named: readonly NamedType[];
      readonly problems: readonly Problem[];
    }
  /** A call of `defineJobs` refused the declarations; `stack` tells whose it is. */
  | { readonly type: "invalid"; readonly problems: readonly Problem[]; readonly stack: string }
  /** No default export, or not one of ours. */
  | { readonly type: "no-schema"; readonly message: string; readonly hint: string }
  /** The module ran, but nothing can be read of it. */
  | { readonly type: "unreadable"; readonly message: string; readonly hint: string }
  /** The module threw. */
  | { readonly type: "threw"; readonly message: string; readonly stack: string };

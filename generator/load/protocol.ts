import type { JobModel, NamedType, Problem, WorkflowModel } from "../model/model.ts";

/** What the child process tells: the schema as data, or why there is none. */
export type ChildMessage =
  | {
      readonly type: "loaded";
      readonly jobs: readonly JobModel[];
      readonly workflows?: readonly WorkflowModel[];
      readonly named: readonly NamedType[];
      readonly problems: readonly Problem[];
    }
  /** A call of `defineJobs` refused the declarations; `stack` tells whose it is. */
  | { readonly type: "invalid"; readonly problems: readonly Problem[]; readonly stack: string }
  /** No default export, or not one of ours. */
  | { readonly type: "no-schema"; readonly message: string; readonly hint: string }
  /** The module threw. */
  | { readonly type: "threw"; readonly message: string; readonly stack: string };

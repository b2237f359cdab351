/** What flows are found by: a tag of the last node of each. No store knows more of them. */

/** `workflow`: of the schema; absent: any flow. */
export function flowTag(workflow?: string): string {
  return workflow === undefined ? "jobwright.flow" : `jobwright.flow ${workflow}`;
}

/** Of a flow, drawn at run time if it has no name. */
export function flowTags(workflow: string | undefined): readonly string[] {
  return workflow === undefined ? [flowTag()] : [flowTag(), flowTag(workflow)];
}

import { createMemo } from "../memo.ts";
import type { SchemaSource, SourceNode } from "../source/schema-source.ts";
import {
  type Docs,
  type JobModel,
  type Model,
  type Property,
  type Sides,
  storedSides,
  type TypeNode,
  type WorkflowModel,
} from "./model.ts";

const withDocs = createMemo<JobModel, JobModel>();

/**
 * Fills in the comments of the schema file where the schema itself says nothing. `keep`: may give an equal job that is there
 * already; a job always goes to the same `keep`.
 */
export function attachDocs(
  model: Model,
  source: SchemaSource,
  keep: (job: JobModel) => JobModel = (job) => job,
): Model {
  return {
    ...model,
    jobs: model.jobs.map((job) => withDocs(job, source.entryOf(job.name), () => keep(attachToJob(job, source)))),
    ...(model.workflows ? { workflows: model.workflows.map((flow) => attachToWorkflow(flow, source)) } : {}),
    named: model.named.map((named) => {
      const node = named.constant === undefined ? undefined : source.constant(named.constant);
      return node ? { ...named, ...attachToSides(named, node), docs: merge(named.docs, node) } : named;
    }),
  };
}

function attachToJob(job: JobModel, source: SchemaSource): JobModel {
  const node = source.job(job.name);
  if (!node) return job;
  const [input, output, errors, progress] = storedSides.map((side) => node.child(side));
  return {
    ...job,
    docs: merge(job.docs, node),
    input: input ? attachToSides(job.input, input) : job.input,
    ...(job.output ? { output: output ? attachToSides(job.output, output) : job.output } : {}),
    ...(job.errors ? { errors: errors ? attachToSides(job.errors, errors) : job.errors } : {}),
    ...(job.progress ? { progress: progress ? attachToSides(job.progress, progress) : job.progress } : {}),
  };
}

function attachToWorkflow(workflow: WorkflowModel, source: SchemaSource): WorkflowModel {
  const node = source.job(workflow.name);
  if (!node) return workflow;
  const [input, output] = [node.child("input"), node.child("output")];
  return {
    ...workflow,
    docs: merge(workflow.docs, node),
    input: input ? attachToSides(workflow.input, input) : workflow.input,
    ...(workflow.output ? { output: output ? attachToSides(workflow.output, output) : workflow.output } : {}),
  };
}

function attachToSides(sides: Sides, node: SourceNode): Sides {
  return { in: attach(sides.in, node), out: attach(sides.out, node) };
}

function attach(type: TypeNode, node: SourceNode): TypeNode {
  switch (type.kind) {
    case "object":
      return {
        ...type,
        properties: type.properties.map((property) => attachToProperty(property, node.child(property.key))),
      };
    case "array":
    case "set": {
      const item = node.child("[]");
      return item ? { ...type, item: attach(type.item, item) } : type;
    }
    case "readonly":
    case "brand":
      return { ...type, item: attach(type.item, node) };
    case "record":
    case "map": {
      const value = node.child("[value]");
      return value ? { ...type, value: attach(type.value, value) } : type;
    }
    case "union":
      return { ...type, members: type.members.map((member) => attach(member, node)) };
    case "intersection":
      return { ...type, left: attach(type.left, node), right: attach(type.right, node) };
    default:
      return type;
  }
}

function attachToProperty(property: Property, node: SourceNode | undefined): Property {
  if (!node) return property;
  return { ...property, docs: merge(property.docs, node), type: attach(property.type, node) };
}

function merge(docs: Docs, node: SourceNode): Docs {
  return { ...node.docs, ...docs };
}

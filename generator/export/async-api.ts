import type { Emitter } from "../emit/emitter.ts";
import { groupBy } from "../model/group.ts";
import type { JobModel, Model } from "../model/model.ts";
import { aboutOf } from "./docs-view.ts";
import { jsonText } from "./json-text.ts";
import { policiesOf } from "./policies.ts";
import { schemaName, schemasOf } from "./schemas.ts";

/** `asyncapi.json`: an AsyncAPI 3.0 document. Its application is the workers: they receive jobs from queues. */
export const asyncApiEmitter: Emitter = {
  name: "asyncapi",
  emit: (model) => [{ name: "asyncapi.json", text: jsonText(asyncApiOf(model)) }],
};

function asyncApiOf(model: Model): object {
  const queues = [...groupBy(model.jobs, (job) => job.queue)].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Background jobs",
      version: String(Math.max(1, ...model.jobs.map(({ version }) => version))),
      description: "The jobs that workers take from queues. Made by jobwright.",
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(queues.flatMap(([queue, jobs]) => channelsOf(queue, jobs))),
    operations: Object.fromEntries(model.jobs.map((job) => [job.name, operationOf(job)])),
    components: {
      messages: Object.fromEntries(model.jobs.flatMap(messagesOf)),
      schemas: schemasOf(model, "#/components/schemas", "draft-07"),
    },
  };
}

/** The queue itself, and the place where outputs are looked up, which has no address. */
function channelsOf(queue: string, jobs: readonly JobModel[]): readonly (readonly [string, object])[] {
  const own = jobs.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }] as const);
  const outputs = jobs
    .filter(({ output }) => output)
    .map(({ name }) => [name, { $ref: `#/components/messages/${name}.output` }] as const);
  const results = { address: null, messages: Object.fromEntries(outputs) };
  return [
    [`queue.${queue}`, { address: queue, messages: Object.fromEntries(own) }],
    ...(outputs.length > 0 ? [[`results.${queue}`, results] as const] : []),
  ];
}

function operationOf(job: JobModel): object {
  const { description, deprecated } = aboutOf(job.docs);
  return {
    action: "receive",
    ...at(`queue.${job.queue}`, job.name),
    ...(description === undefined ? {} : { description }),
    ...(deprecated ? { "x-jobwright-deprecated": true } : {}),
    ...(job.output ? { reply: at(`results.${job.queue}`, job.name) } : {}),
    ...extensionsOf(job),
  };
}

/** A channel, and a job's message in it. */
function at(channel: string, message: string): object {
  const place = `#/channels/${pointer(channel)}`;
  return { channel: { $ref: place }, messages: [{ $ref: `${place}/messages/${message}` }] };
}

/** As a part of a JSON pointer in a URI. */
function pointer(text: string): string {
  return encodeURIComponent(text.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function messagesOf(job: JobModel): readonly (readonly [string, object])[] {
  const message = (name: string, side: "input" | "output"): readonly [string, object] => [
    name,
    { name, contentType: "application/json", payload: { $ref: `#/components/schemas/${schemaName(job, side)}` } },
  ];
  return [message(job.name, "input"), ...(job.output ? [message(`${job.name}.output`, "output")] : [])];
}

/** `timeoutMs` → `x-jobwright-timeout-ms`. */
function extensionsOf(job: JobModel): object {
  const name = (key: string): string =>
    `x-jobwright-${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return Object.fromEntries(policiesOf(job).map(([key, value]) => [name(key), value]));
}

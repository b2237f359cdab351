import type { SchemaDescriptor } from "jobwright/codegen/v1";
import { descriptor as readme } from "../generated/descriptor.ts";
import { descriptor as eightFields } from "./validation/generated/descriptor.ts";

/** Values of jobs, small ones and some with what JSON lacks. */
export const payloads: readonly (readonly [
  descriptor: SchemaDescriptor,
  job: string,
  side: "input" | "output",
  value: unknown,
])[] = [
  [
    eightFields,
    "notify",
    "input",
    {
      id: "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b",
      to: "ada@example.com",
      subject: "Your weekly report",
      channel: "mail",
      attempt: 2,
      tags: ["weekly", "report"],
      replyTo: null,
      note: "second try",
    },
  ],
  [readme, "sendEmail", "input", { to: "ada@example.com", name: "Ada", language: "en", issue: "2026-11" }],
  [readme, "sendEmail", "output", { messageId: "<1@example.com>", response: "250 OK" }],
  [
    readme,
    "buildReport",
    "input",
    {
      issue: "2026-11",
      period: [new Date(0), new Date(1)],
      clicks: new Map([["https://example.com/", 3n]]),
      unsubscribed: new Set(["ada@example.com"]),
    },
  ],
  [readme, "buildReport", "output", { status: "done", total: 3n, finishedAt: new Date(0) }],
  [readme, "unsubscribe", "input", { email: "ada@example.com", reason: "bounced" }],
];

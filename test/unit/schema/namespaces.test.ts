import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { SchemaOptions, SchemaProblem } from "../../../runtime/schema/index.ts";
import { defineJobs, job, workflow } from "../../../runtime/schema/index.ts";

const input = z.object({ account: z.string() });
const charge = job({ input, queue: "money" });
const billing = defineJobs({ charge });

function problemsOf(declarations: unknown, options?: SchemaOptions): readonly SchemaProblem[] {
  try {
    defineJobs(declarations as Parameters<typeof defineJobs>[0], options); // as plain JavaScript may pass it
  } catch (error) {
    return (error as { readonly details: { readonly problems: readonly SchemaProblem[] } }).details.problems; // of schemaError
  }
  return [];
}

describe("namespaces", () => {
  it("put their names before those of their jobs, at every depth", () => {
    const { jobs } = defineJobs({ send: job({ input }), billing, eu: defineJobs({ billing, ping: job({ input }) }) });
    expect(Object.keys(jobs)).toEqual(["send", "billing.charge", "eu.billing.charge", "eu.ping"]);
    expect(jobs["eu.billing.charge"]).toMatchObject({ name: "eu.billing.charge", queue: "money", input });
    expect(jobs["billing.charge"].input).toBe(input);
  });

  it("stay schemas of their own", () => {
    defineJobs({ billing });
    expect(billing.jobs.charge.name).toBe("charge");
  });

  it("name the limits of their jobs after them", () => {
    const limited = defineJobs({ charge: job({ input, concurrency: 1 }) });
    const { jobs } = defineJobs({ eu: limited, us: limited });
    const policies = Object.values(jobs).map(({ gates }) => gates?.[0]?.policy);
    expect(policies).toEqual(["eu.charge.concurrency", "us.charge.concurrency"]);
  });

  it("bring the limits of queues, which hold for all jobs on them", () => {
    const limited = defineJobs({ charge }, { queues: { money: { concurrency: 3 } } });
    const { jobs } = defineJobs({ refund: job({ input, queue: "money" }), billing: limited, again: limited });
    for (const { gates } of Object.values(jobs))
      expect(gates).toMatchObject([{ policy: "queue:money.concurrency", limit: 3 }]);
  });

  it("may be limited from outside", () => {
    const { jobs } = defineJobs({ billing }, { queues: { money: { concurrency: 2 } } });
    expect(jobs["billing.charge"].gates).toMatchObject([{ limit: 2 }]);
  });

  it("cannot limit a queue in two ways", () => {
    const limited = defineJobs({ charge }, { queues: { money: { concurrency: 3 } } });
    const problems = problemsOf({ limited }, { queues: { money: { concurrency: 2 } } });
    expect(problems.map(({ message }) => message)).toEqual(["queues.money is declared twice, with different limits."]);
  });

  it("let their workflows name jobs as the file does that declares them", () => {
    const inner = defineJobs({
      charge,
      eu: defineJobs({ report: job({ input }) }),
      close: workflow({
        input,
        nodes: ({ input: given }) => ({
          first: { job: "charge", input: given },
          second: { job: "eu.report", input: given, after: { first: "succeeded" } },
        }),
      }),
    });
    const outer = defineJobs({
      billing: inner,
      leave: workflow({ input, nodes: ({ input: given }) => ({ close: { workflow: "billing.close", input: given } }) }),
    });
    const targets = outer.workflows["billing.close"]?.parts.map(({ target }) => target);
    expect(targets).toEqual(["billing.charge", "billing.eu.report"]);
    const jobsOf = outer.workflows["leave"]?.plan.nodes.flatMap(({ action }) =>
      action.kind === "job" ? action.job : [],
    );
    expect(jobsOf).toEqual(["billing.charge", "billing.eu.report"]);
  });

  const long = "a".repeat(60);

  it.each<[what: string, declarations: unknown, message: string]>([
    ["with a capital", { Billing: billing }, '"Billing" cannot be the name of a namespace: only letters'],
    ["like what clients have", { $control: billing }, '"$control" cannot be the name of a namespace: only letters'],
    ["like a word of JavaScript", { delete: billing }, '"delete" cannot be the name of a namespace: the word is taken'],
    [
      "like that of our own jobs",
      { jobwright: billing },
      '"jobwright" cannot be the name of a namespace: jobwright\'s own',
    ],
    ["too long with its jobs", { [long]: defineJobs({ [long]: charge }) }, "has 121 characters"],
    ["whose types are those of a job", { billing, billingCharge: charge }, "differ only in dots and case"],
    [
      "that is written into the name of a job",
      { "billing.charge": charge },
      '"billing.charge" cannot be the name of a job',
    ],
    ["without defineJobs", { billing: { charge } }, "billing is an object, not a job."],
    ["of a whole module", { billing: { default: billing } }, "billing is an object, not a job."],
  ])("are refused: one %s", (_, declarations, message) => {
    const problems = problemsOf(declarations);
    expect(problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)]);
    expect(problems[0]?.hint).toMatch(/\S/);
  });
});

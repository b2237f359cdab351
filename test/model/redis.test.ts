import { randomUUID } from "node:crypto";
import { afterAll, it } from "vitest";
import { redis } from "../../runtime/providers/redis/index.ts";
import { describeRedis, dropNamespace } from "../support/redis-suite.ts";
import { runModel } from "./run-model.ts";

const twoMinutes = 120_000;

describeRedis(
  "random sequences of calls, lost replies and stale handles",
  (given) => {
    const namespaces: string[] = [];
    afterAll(async () => {
      for (const namespace of namespaces) await dropNamespace(given.url, namespace);
    });

    it(
      "leave Redis as they leave the model",
      () =>
        runModel(
          (clock) => {
            const namespace = `test-${randomUUID()}`;
            namespaces.push(namespace);
            return redis({ url: given.url, namespace, clock, onWarning: () => {} });
          },
          { runs: 200 },
        ),
      twoMinutes,
    );
  },
  { shared: true },
);

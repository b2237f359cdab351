import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { runSql, startPostgres } from "../test/support/postgres-server.ts";
import { startRedis } from "../test/support/redis-server.ts";

/** A store under measurement: its subjects, and an empty place for each case. */
export interface StoreBench {
  /** The first is ours at default settings, the second with more jobs at a time. */
  readonly subjects: readonly string[];
  open(folder: string): Promise<OpenStore>;
}

export interface OpenStore {
  /** An empty store of its own, as a subject opens it. */
  place(): Promise<string>;
  /** What cannot be seen from outside of the server: bytes that it wrote, or holds. */
  bytes?(): Promise<number>;
  /** Holds a snapshot of a place open, as a forgotten transaction or a backup does; the result ends that. */
  hold?(place: string): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

export type StoreName = "sqlite" | "postgres" | "redis";

export const stores: Readonly<Record<StoreName, StoreBench>> = {
  sqlite: {
    subjects: ["jobwright", "jobwright, c100", "jobwright, statements", "plainjob"],
    open: (folder) => {
      const place = (): Promise<string> =>
        Promise.resolve(`sqlite:${join(mkdtempSync(join(folder, "run-")), "jobs.db")}`);
      return Promise.resolve({ place, stop: () => Promise.resolve() });
    },
  },
  postgres: {
    subjects: [
      "jobwright",
      "jobwright, c100",
      "jobwright, statements",
      "graphile-worker",
      "graphile-worker, tuned",
      "pg-boss, tuned",
    ],
    async open() {
      // As it is installed, with everything flushed; only the memory is that of a small server instead of a tiny one.
      const settings = [
        "fsync=on",
        "full_page_writes=on",
        "synchronous_commit=on",
        "shared_buffers=512MB",
        "max_wal_size=4GB",
      ];
      const server = await startPostgres(...settings);
      let databases = 0;
      return {
        async place() {
          const name = `bench${++databases}`;
          await runSql(server.url, `create database ${name}`);
          return server.url.replace(/\/postgres$/, `/${name}`);
        },
        async bytes() {
          const [row] = await runSql<{ bytes: string }>(server.url, "select pg_current_wal_lsn() - '0/0' as bytes");
          return Number(row?.bytes);
        },
        async hold(place) {
          const reader = new pg.Client(place);
          await reader.connect();
          await reader.query("begin isolation level repeatable read");
          await reader.query("select 1 from pg_class");
          return () => reader.end();
        },
        stop: () => server.stop(),
      };
    },
  },
  redis: {
    subjects: ["jobwright", "jobwright, c100", "jobwright, statements", "bullmq", "bee-queue"],
    async open() {
      const server = await startRedis("--appendonly", "no", "--save", "");
      return {
        async place() {
          await server.admin.flushall();
          return server.url;
        },
        async bytes() {
          return Number(/^used_memory:(\d+)/m.exec(await server.admin.info("memory"))?.[1]);
        },
        stop: () => server.stop(),
      };
    },
  },
};

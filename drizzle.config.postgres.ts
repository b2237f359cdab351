import { defineConfig } from "drizzle-kit";

/** As drizzle.config.ts, for PostgreSQL. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./drizzle/postgres/tables.ts",
  out: "./drizzle/postgres/migrations",
  breakpoints: true,
});

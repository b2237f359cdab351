import { defineConfig } from "drizzle-kit";

/** `npm run migrations` writes the SQL of a changed table here and embeds it for run time. */
export default defineConfig({
  dialect: "sqlite",
  schema: "./drizzle/sqlite/tables.ts",
  out: "./drizzle/sqlite/migrations",
  breakpoints: true,
});

import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** Embeds the migrations of each dialect as a module, so that nothing reads files at run time. */
const dialects = ["sqlite", "postgres"] as const;

for (const dialect of dialects) {
  const folder = new URL(`./${dialect}/migrations/`, import.meta.url);
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".sql"))
    .sort();
  const entries = files.map((file) => {
    const statements = readFileSync(new URL(file, folder), "utf8")
      .split("--> statement-breakpoint")
      .map((statement) => statement.trim());
    return `  {\n    name: ${JSON.stringify(file.replace(/\.sql$/, ""))},\n    statements: [\n${statements
      .map((statement) => `      ${JSON.stringify(statement)},\n`)
      .join("")}    ],\n  },\n`;
  });
  writeFileSync(
    new URL(`./${dialect}/migrations.ts`, import.meta.url),
    `// Made by \`npm run migrations\` from the SQL files that drizzle-kit wrote. Do not edit.\n\n` +
      `export interface Migration {\n  readonly name: string;\n  readonly statements: readonly string[];\n}\n\n` +
      `/** In order; the n-th brings the store to schema version n. */\n` +
      `export const migrations: readonly Migration[] = [\n${entries.join("")}];\n`,
  );
}

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["**/golden/**", "**/node_modules/**"],
    globalSetup: "test/support/build.ts",
    // More than two cores can do: many tests wait for servers. Not many more: others start processes of their own.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

export * from "./clock.ts";
export * from "./errors.ts";
export * from "./jobs.ts";
export * from "./provider.ts";
export * from "./states.ts";

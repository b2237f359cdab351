import { type ChildProcess, fork } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProvider } from "jobwright/provider";
import type { Provider } from "jobwright/codegen/v1";
import sharp from "sharp";
import { afterEach, beforeEach, expect, expectTypeOf, it } from "vitest";
import { publishAlbum } from "../../examples/photos/album.ts";
import { createJobs } from "../../examples/photos/generated/index.ts";
import { edges } from "../../examples/photos/images.ts";
import { readMails } from "../../examples/photos/mailbox.ts";
import { type Sample, takePictures } from "../../examples/photos/sample-pictures.ts";
import { type MailServer, startMailServer } from "../../examples/services/smtp-server.ts";
import { builtProcesses } from "../support/build.ts";
import { optionsOf, type Place } from "./place.ts";

const samples: readonly Sample[] = [
  { name: "wide.jpg", width: 900, height: 600, hue: 10 },
  { name: "tall.jpg", width: 600, height: 900, hue: 100 },
  { name: "turned.jpg", width: 600, height: 1_800, hue: 200, turned: true },
  { name: "tiny.jpg", width: 90, height: 60, hue: 300 },
];
const sizes = ["small", "medium", "large"] as const;
const resized = samples.length * sizes.length;

/** The album of the example, made on the stores that `open` makes by a worker that is killed at some point. */
export function photosSuite(open: () => Place): void {
  let place: Place;
  let provider: Provider;
  let folder: string;
  let server: MailServer;
  let worker: ChildProcess;

  beforeEach(async () => {
    place = open();
    provider = await createProvider(place.url, optionsOf(place));
    folder = mkdtempSync(join(tmpdir(), "jobwright-photos-"));
    server = await startMailServer(join(folder, "mails"));
    await takePictures(join(folder, "pictures"), samples);
  });

  afterEach(async () => {
    await kill();
    await server.close();
    await provider.stop();
    await place.remove();
    rmSync(folder, { recursive: true });
  });

  /** As the example's `startWorker` does, without the compiler. */
  function start(): void {
    const { url, namespace } = place;
    const args = [String(server.port), "1s", ...(namespace === undefined ? [] : [namespace])];
    const env = { ...process.env, JOBS_URL: url };
    worker = fork(join(builtProcesses, "examples/photos/worker.js"), args, { execArgv: [], env });
  }

  async function kill(): Promise<void> {
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.kill("SIGKILL");
    await exited;
  }

  /** What is done so far: resized pictures, the sheet, the mail. */
  function filesThere(): number {
    const list = (name: string): number => {
      const path = join(folder, name);
      return existsSync(path) ? readdirSync(path).filter((file) => /^[^.].*\.(jpg|eml)$/.test(file)).length : 0;
    };
    return ["album/small", "album/medium", "album/large", "album", "mails"].map(list).reduce((a, b) => a + b);
  }

  it.each([
    ["before much is done", randomInt(0, 3)],
    ["among the pictures", randomInt(3, resized)],
    ["before the sheet", resized],
    ["before the mail", resized + 1],
    ["as the mail is sent", resized + 2],
  ])(
    "makes the whole album when its worker is killed %s: with %i files there",
    { timeout: 120_000 },
    async (_, files) => {
      const jobs = await createJobs({ provider });
      const album = join(folder, "album");
      const flow = await publishAlbum(
        jobs,
        { pictures: join(folder, "pictures"), album, to: "ada@example.com" },
        "0196f000-0000-7000-8000-00000000a1b0",
      );
      start();
      await expect.poll(filesThere, { interval: 2, timeout: 60_000 }).toBeGreaterThanOrEqual(files);
      await kill();
      start();
      const { sheet, mail } = await flow.result({ timeout: "60s" });

      expectTypeOf(sheet.width).toEqualTypeOf<number>();
      expectTypeOf(mail.messageId).toEqualTypeOf<string>();
      for (const sample of samples) {
        for (const size of sizes) await expectSize(join(album, size, sample.name), sample, edges[size]);
      }
      expect(filesThere()).toBe(resized + 2);
      const { width, height } = await sharp(sheet.file).metadata();
      expect({ width, height }).toEqual({ width: 520, height: 520 });
      const { nodes } = await flow.status();
      expect(new Set(nodes.map(({ state }) => state))).toEqual(new Set(["succeeded"]));
      const [received, ...others] = readMails(join(folder, "mails"));
      expect(others).toEqual([]);
      expect(received?.id).toBe(nodes.find(({ name }) => name === "mail")?.id);
      expect(received?.attachment.equals(readFileSync(sheet.file))).toBe(true);
    },
  );
}

/** Decodes every pixel, so a file that was cut off is none. */
async function expectSize(file: string, { width, height }: Sample, edge: number): Promise<void> {
  const scale = Math.min(1, edge / Math.max(width, height));
  const { info } = await sharp(file, { failOn: "warning" }).raw().toBuffer({ resolveWithObject: true });
  expect({ file, width: info.width, height: info.height }).toEqual({
    file,
    width: Math.round(width * scale),
    height: Math.round(height * scale),
  });
}

import type { FlowHandle } from "jobwright/codegen/v1";
import type { Jobs } from "./generated/index.ts";
import type { ContactSheetOutput, MailSheetOutput } from "./generated/index.ts";

export interface Album {
  /** Where the pictures are. */
  readonly pictures: string;
  /** Folder for what is made of them. */
  readonly album: string;
  readonly to: string;
}

export interface Published {
  readonly sheet: ContactSheetOutput;
  readonly mail: MailSheetOutput;
}

/**
 * The workflow: every picture in three sizes, a sheet of the small ones, and a mail with it when all is there. A second call with the
 * same id enqueues nothing.
 */
export function publishAlbum(jobs: Jobs, { pictures, album, to }: Album, id: string): Promise<FlowHandle<Published>> {
  return jobs.$flow.enqueue(
    (flow) => {
      const found = flow.add(jobs.findPictures.node({ folder: pictures }), { name: "find" });
      const resize = (size: "small" | "medium" | "large") =>
        flow.map(found.output.pictures, (picture) => jobs.resize.node({ picture, size, album }), { name: size });

      const [small, medium, large] = [resize("small"), resize("medium"), resize("large")];
      const sheet = flow.add(jobs.contactSheet.node({ images: small.output, album }), { name: "sheet" });
      const mail = flow.add(jobs.mailSheet.node({ to, sheet: sheet.output }), { name: "mail", after: [medium, large] });
      return { sheet: sheet.output, mail: mail.output };
    },
    { id },
  );
}

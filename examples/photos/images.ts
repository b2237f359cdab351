import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import sharp, { type Sharp } from "sharp";
import type {
  ContactSheetHandle,
  ContactSheetOutput,
  FindPicturesHandle,
  ResizeHandle,
  ResizeInput,
} from "./generated/index.ts";
import { writeWhole } from "./write-whole.ts";

/** Every handler may run again, or twice at once: each writes the same file again, as a whole. */

export const edges: Readonly<Record<ResizeInput["size"], number>> = { small: 240, medium: 800, large: 1_600 };

export const findPictures: FindPicturesHandle = async ({ folder }) => {
  const files = await readdir(folder);
  const pictures = files.filter((file) => /^[^.].*\.(jpe?g|png|webp)$/i.test(file)).sort();
  return { pictures: pictures.map((file) => join(folder, file)) };
};

export const resize: ResizeHandle = async ({ picture, size, album }, ctx) => {
  const box = { width: edges[size], height: edges[size], fit: "inside", withoutEnlargement: true } as const;
  const resized = sharp(picture).autoOrient().resize(box);
  const encoded = await encode(resized).catch((error: Error) => {
    throw ctx.errors.NoPicture({ picture, reason: error.message }, `${basename(picture)}: ${error.message}`);
  });
  return save(join(album, size, basename(picture)), encoded);
};

const cell = edges.small + 20;

export const contactSheet: ContactSheetHandle = async ({ images, album }) => {
  const columns = Math.max(1, Math.ceil(Math.sqrt(images.length)));
  const rows = Math.max(1, Math.ceil(images.length / columns));
  const centred = (index: number, length: number): number => Math.floor((index + 0.5) * cell - length / 2);
  const sheet = sharp({ create: { width: columns * cell, height: rows * cell, channels: 3, background: "white" } })
    .composite(
      images.map(({ file, width, height }, index) => ({
        input: file,
        left: centred(index % columns, width),
        top: centred(Math.floor(index / columns), height),
      })),
    )
    .jpeg();
  return save(join(album, "contact-sheet.jpg"), await encode(sheet));
};

interface Encoded {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly size: number };
}

const encode = (image: Sharp): Promise<Encoded> => image.toBuffer({ resolveWithObject: true });

async function save(file: string, { data, info }: Encoded): Promise<ContactSheetOutput> {
  await writeWhole(file, data);
  return { file, width: info.width, height: info.height, bytes: info.size };
}

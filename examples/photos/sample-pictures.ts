import { existsSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { writeWhole } from "./write-whole.ts";

export interface Sample {
  readonly name: string;
  /** As one sees it. */
  readonly width: number;
  readonly height: number;
  /** Of the sky. */
  readonly hue: number;
  /** Whether the camera was held upright: then it stores the picture lying on its side, and says so in EXIF. */
  readonly turned?: boolean;
}

const samples: readonly Sample[] = [
  { name: "dawn.jpg", width: 4_000, height: 3_000, hue: 350 },
  { name: "tower.jpg", width: 3_000, height: 4_500, hue: 210 },
  { name: "panorama.jpg", width: 6_000, height: 2_000, hue: 190 },
  { name: "square.jpg", width: 3_000, height: 3_000, hue: 130 },
  { name: "turned.jpg", width: 3_000, height: 4_500, hue: 30, turned: true },
  { name: "dusk.jpg", width: 4_000, height: 3_000, hue: 270 },
];

/** Takes pictures of hills that are nowhere: real JPEG files, without anybody's rights in them. */
export async function takePictures(folder: string, wanted: readonly Sample[] = samples): Promise<void> {
  for (const sample of wanted) {
    const file = join(folder, sample.name);
    if (!existsSync(file)) await writeWhole(file, await develop(sample));
  }
}

function develop({ turned = false, ...sample }: Sample): Promise<Uint8Array> {
  const seen = sharp(Buffer.from(landscape(sample)));
  const stored = turned ? seen.rotate(270).withMetadata({ orientation: 6 }) : seen;
  return stored.jpeg({ quality: 90 }).toBuffer();
}

function landscape({ width, height, hue }: Omit<Sample, "turned">): string {
  const hill = (top: number, light: number): string =>
    `<path d="M0 ${height} V${height * top} Q${width / 4} ${height * (top - 0.25)} ${width / 2} ${height * top}
      T${width} ${height * top} V${height} Z" fill="hsl(${hue + 40}, 35%, ${light}%)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <linearGradient id="sky" x2="0" y2="1">
      <stop stop-color="hsl(${hue}, 70%, 35%)"/><stop offset="1" stop-color="hsl(${hue + 60}, 80%, 80%)"/>
    </linearGradient>
    <rect width="100%" height="100%" fill="url(#sky)"/>
    <circle cx="${width * 0.7}" cy="${height * 0.3}" r="${Math.min(width, height) / 10}" fill="#fff8e0"/>
    ${hill(0.65, 55)} ${hill(0.75, 40)} ${hill(0.88, 25)}
  </svg>`;
}

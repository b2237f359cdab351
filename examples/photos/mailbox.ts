import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Mail {
  /** Left part of its Message-ID. */
  readonly id: string;
  readonly subject: string;
  readonly attachment: Buffer;
}

/** The mails that the mail server has accepted. They have one attachment each. */
export function readMails(folder: string): readonly Mail[] {
  return readdirSync(folder).map((file) => {
    const text = readFileSync(join(folder, file), "latin1");
    const [, subject = ""] = /^Subject: (.*)\r$/m.exec(text) ?? [];
    const [, encoded = ""] = /^Content-Disposition: attachment.*?\r\n\r\n(.*?)\r\n--/ms.exec(text) ?? [];
    return { id: file.replace(/\.eml$/, ""), subject, attachment: Buffer.from(encoded, "base64") };
  });
}

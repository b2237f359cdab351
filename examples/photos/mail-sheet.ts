import { basename } from "node:path";
import type { Transporter } from "nodemailer";
import type { MailSheetHandle } from "./generated/index.ts";

export function createMailSheet(transport: Transporter): MailSheetHandle {
  return async ({ to, sheet }, ctx) => {
    const filename = basename(sheet.file);
    const info = await transport.sendMail({
      from: '"Photo album" <album@example.com>',
      to,
      subject: `Your album: ${filename}`,
      text: "The pictures of your album are on the sheet.\n",
      // The same over all attempts, so that a mail server can recognise a repeated delivery.
      messageId: `<${ctx.idempotencyKey}@jobwright.example>`,
      attachments: [{ filename, path: sheet.file }],
    });
    return { messageId: info.messageId, response: info.response };
  };
}

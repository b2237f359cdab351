import type { Transporter } from "nodemailer";
import type { SendEmailHandle } from "../../generated/index.ts";

const greetings = { de: "Hallo", en: "Hello", es: "Hola", fr: "Bonjour", pl: "Cześć" } as const;

/** The handler: sends over SMTP, retries what may pass, gives up what cannot. */
export function createSendEmail(transport: Transporter): SendEmailHandle {
  return async ({ to, name, language, issue }, ctx) => {
    try {
      const info = await transport.sendMail({
        from: '"Jobwright Weekly" <news@example.com>',
        to: { name, address: to },
        subject: `${greetings[language]} ${name}: issue ${issue}`,
        text: `${greetings[language]} ${name},\n\nhere is issue ${issue}.\n`,
        // Stable over all attempts, so that a mail server can recognise a repeated delivery.
        messageId: `<${ctx.idempotencyKey}@jobwright.example>`,
      });
      return { messageId: info.messageId, response: info.response };
    } catch (error) {
      if (isPermanent(error))
        throw ctx.errors.Bounced({ address: to, reply: error.message }, `${to} is refused for good.`);
      throw error;
    }
  };
}

/** SMTP replies from 500 on are final (RFC 5321, section 4.2.1). */
function isPermanent(error: unknown): error is Error {
  return error instanceof Error && "responseCode" in error && Number(error.responseCode) >= 500;
}

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SMTPServer } from "smtp-server";

/** A real SMTP server in this process that keeps every mail as a file, and that is as moody as real ones are. */
export interface MailServer {
  readonly port: number;
  /** Mails that came a second time, recognised by their Message-ID. */
  readonly repeated: number;
  close(): Promise<void>;
}

export async function startMailServer(folder: string): Promise<MailServer> {
  mkdirSync(folder, { recursive: true });
  const greylisted = new Set<string>();
  let repeated = 0;

  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onRcptTo({ address }, _session, callback) {
      if (address.endsWith("@blocked.example")) return callback(refusal(550, "5.1.1 no such mailbox"));
      // Greylisting: about one recipient in twenty is asked to come again.
      if (checksum(address) % 20 === 0 && !greylisted.has(address)) {
        greylisted.add(address);
        return callback(refusal(451, "4.7.1 greylisted, come again"));
      }
      callback();
    },
    onData(stream, _session, callback) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const mail = Buffer.concat(chunks);
        const id = /^Message-ID: <([^@>]+)/im.exec(mail.toString("latin1"))?.[1] ?? `unknown-${Date.now()}`;
        const file = join(folder, `${id}.eml`);
        if (existsSync(file)) repeated++;
        writeFileSync(file, mail);
        // A server across the network takes its time.
        setTimeout(callback, 25);
      });
    },
  });
  server.on("error", (error) => console.error(`smtp: ${error.message}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    get repeated() {
      return repeated;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

function checksum(text: string): number {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum;
}

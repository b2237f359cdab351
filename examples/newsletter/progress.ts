const width = 30;

/** One line that is drawn again in place; on a pipe, one line at every tenth part. */
export interface Progress {
  draw(done: number, total: number, remark: string): void;
  end(): void;
}

export function createProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  let lastTenth = -1;
  return {
    draw(done, total, remark) {
      const part = total === 0 ? 1 : done / total;
      const line = `  ${bar(part)} ${String(done).padStart(5)} of ${total}  ${remark}`;
      if (out.isTTY) {
        out.write(`\r\u001b[2K${line}`);
      } else if (Math.floor(part * 10) > lastTenth) {
        lastTenth = Math.floor(part * 10);
        out.write(`${line}\n`);
      }
    },
    end() {
      if (out.isTTY) out.write("\n");
    },
  };
}

function bar(part: number): string {
  const full = Math.round(part * width);
  return "█".repeat(full) + "░".repeat(width - full);
}

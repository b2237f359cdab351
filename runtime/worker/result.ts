/** `setTimeout`'s limit: a longer wait would fire at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

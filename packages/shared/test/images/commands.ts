/** Commands to the workers of worker-program.ts, given by the first pixel of a photo. */
export const commands = { obey: 10, loop: 20, sleep: 30, crash: 40, fault: 50, swell: 60, nap: 70 } as const;

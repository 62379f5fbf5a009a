/** The results of one batch of photos. */
export interface Batch {
  /** From the first photo to the end of the last. */
  seconds: number;
  /** Of each photo. */
  milliseconds: number[];
  /** Processor time by process. */
  cpuSeconds: Map<string, number>;
}

export const cpuOf = ({ cpuSeconds }: Batch): number => [...cpuSeconds.values()].reduce((sum, value) => sum + value, 0);

/** What GET /jobs/<job> returns. Types only, so that the page in the browser can share them. */
export interface JobStatus {
  job: string;
  status: 'processing' | 'completed' | 'failed';
  /** The revision that accepted the job. */
  revision: string;
  filters: string[];
  /** What was chosen: the format as a type, the quality, and options by filter. */
  options: { format?: string; quality?: number; filters?: Record<string, string | number | boolean> };
  archive: boolean;
  acceptedAt: string;
  completedAt: string | null;
  images: ImageStatus[];
  /** Photos that were turned down, and why. */
  refused?: { name: string; reason: string }[];
  archiveFile: { href: string; bytes: number } | null;
  /** `none`: none was asked for. `reason`: why it failed, for the person. */
  mail: { status: 'pending' | 'sent' | 'failed' | 'none'; reason?: string };
  /** False for whoever has only the link that shows. */
  mayDelete: boolean;
}

export interface ImageStatus {
  image: string;
  name: string;
  width: number;
  height: number;
  /** Frames or pages, if there are several. */
  pictures?: number;
  /** What its prints cannot hold, for the person. */
  note?: string;
  original: { href: string; type: string; bytes: number };
  /** By filter. */
  results: Record<string, ResultStatus>;
}

export type ResultStatus =
  | { status: 'pending' }
  | { status: 'rejected'; reason: string }
  | { status: 'succeeded'; href: string; type: string; bytes: number };

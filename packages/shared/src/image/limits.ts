import * as v from 'valibot';
import { flag, integer } from '../config.ts';

const MiB = 1024 * 1024;

/**
 * Every limit on what a person may send, with its default. Each can be set by the environment variable of the same name.
 * docs/limits.md gives the reasons.
 */
export const limits = {
  /** Bytes of one photo. */
  MAX_FILE_BYTES: v.optional(integer(1, 1024 * MiB), String(25 * MiB)),
  /** Photos in one post. */
  MAX_FILES: v.optional(integer(1, 999), '50'),
  /** Pixels of one photo, summed over its frames: 50 MP take 200 MB as RGBA. */
  MAX_PIXELS: v.optional(integer(1, 1_000_000_000), '50000000'),
  /** Frames of an animation. */
  MAX_FRAMES: v.optional(integer(1, 10_000), '200'),
  /** Bytes of memory that developing one photo may take, estimated from its header; the program itself comes on top. */
  MAX_IMAGE_MEMORY: v.optional(integer(64 * MiB, 16 * 1024 * MiB), String(600 * MiB)),
  /** Seconds of processor time that one filter may spend on one photo. */
  MAX_IMAGE_SECONDS: v.optional(integer(1, 600), '20'),
};

/** Whether HEIC photos are accepted: true or false. docs/heic.md says why they are not by default. */
export const heic = v.optional(flag, 'false');

/** The limits that apply to the image itself. */
export interface ImageLimits {
  HEIC: boolean;
  MAX_PIXELS: number;
  MAX_FRAMES: number;
  MAX_IMAGE_MEMORY: number;
  MAX_IMAGE_SECONDS: number;
}

export const megabytes = (bytes: number) => `${Math.round(bytes / MiB)} MB`;

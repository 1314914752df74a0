import type { ObjectEntry } from './object-entry.ts';

/** `exists`: there is an object of that key already, and it was not to be replaced. */
export type PutOutcome = 'stored' | 'exists';

/** Where an object is put, and what becomes of errors. */
export interface PutTarget {
  readonly bucket: string;
  readonly key: string;
  readonly entry: ObjectEntry;
  /** Throws the error as one of ours, or the signal's reason. */
  readonly failure: (error: unknown, signal: AbortSignal) => never;
}

/** What an object has beside its content, as S3 is told it. */
export function attributesInput({ contentType, metadata, tags }: ObjectEntry): {
  ContentType?: string;
  Metadata?: Record<string, string>;
  Tagging?: string;
} {
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(metadata ? { Metadata: { ...metadata } } : {}),
    ...(tags ? { Tagging: new URLSearchParams(tags).toString() } : {}),
  };
}

import type { ObjectEntry } from './object-entry.ts';

/** Headers that say what a content is, and how S3's client calls them. */
const headerFields = {
  'cache-control': 'CacheControl',
  'content-disposition': 'ContentDisposition',
  'content-encoding': 'ContentEncoding',
  'content-language': 'ContentLanguage',
} as const;

type HeaderName = keyof typeof headerFields;
type HeaderInput = { [Name in (typeof headerFields)[HeaderName]]?: string };
const headerNames = Object.keys(headerFields) as HeaderName[];

/** Those of them that an answer tells. */
export function headersOf(answer: { [Field in keyof HeaderInput]?: string | undefined }): {
  headers?: Record<string, string>;
} {
  const told = headerNames.flatMap((name) => {
    const value = answer[headerFields[name]];
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return told.length === 0 ? {} : { headers: Object.fromEntries(told) };
}

/** What an object has beside its content, as S3 is told it. */
export function attributesInput({ contentType, headers = {}, metadata, tags }: ObjectEntry): {
  ContentType?: string;
  Metadata?: Record<string, string>;
  Tagging?: string;
} & HeaderInput {
  const told = headerNames.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[headerFields[name], value] as const];
  });
  return {
    ...Object.fromEntries(told),
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(metadata ? { Metadata: { ...metadata } } : {}),
    ...(tags ? { Tagging: new URLSearchParams(tags).toString() } : {}),
  };
}

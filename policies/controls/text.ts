import { z } from 'zod';

/** A text in both languages of the compliance page. */
export interface Text {
  readonly en: string;
  readonly zh: string;
}

/** `English | 中文`, on as many lines as it needs. */
export const bilingual = z
  .string()
  .transform((text) => text.split('|').map((part) => part.replaceAll(/\s+/g, ' ').trim()))
  .refine((parts) => parts.length === 2 && parts.every((part) => part !== ''), {
    message: 'must be the English text, a bar, and the Chinese text',
  })
  .transform(([en = '', zh = '']): Text => ({ en, zh }));

/** A name that is the same in both languages, or one in each. */
export const nameText = z
  .string()
  .transform((text) => (text.includes('|') ? text : `${text} | ${text}`))
  .pipe(bilingual);

/** Texts one after another: sentences in either language end with their own stop. */
export function sentences(texts: readonly Text[]): Text {
  return {
    en: texts.map(({ en }) => en).join('; '),
    zh: texts.map(({ zh }) => zh).join('；'),
  };
}

import { time } from '../../pages/blocks.ts';
import type { Html } from '../../pages/html.ts';
import { formatsFor, type Formats } from '../../pages/formats.ts';
import type { Language } from '../../pages/language.ts';
import { chinese } from './words-zh.ts';
import { english, type Words } from './words-en.ts';

const words: Readonly<Record<Language, Words>> = { en: english, zh: chinese };

/** For whom a page is written: texts, numbers and times as they read them. */
export interface Reader {
  readonly language: Language;
  readonly words: Words;
  readonly format: Formats;
}

export function readerOf(language: Language, timeZone: string): Reader {
  return { language, words: words[language], format: formatsFor(language, timeZone) };
}

/** A moment, readable by machines, too. */
export function moment({ format }: Reader, at: string): Html {
  return time(format.iso(at), format.moment(at));
}

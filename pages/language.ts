/** The languages of pages, in the order in which they are offered. */
export const languages = ['en', 'zh'] as const;
export type Language = (typeof languages)[number];

/** The value of `lang`: Chinese is written in simplified characters. */
export const languageTags: Readonly<Record<Language, string>> = { en: 'en', zh: 'zh-CN' };

/** Each language by its own name. */
export const languageNames: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

/**
 * A catalogue of texts. English decides which there are; the compiler refuses a translation that
 * lacks one, has one too many, or takes other values.
 *
 *     const texts = catalogue({ en: { age: (days: number) => `${days} days old` }, zh: { … } });
 *     texts[language].age(3);
 */
export function catalogue<English extends Texts>(texts: {
  readonly en: English;
  readonly zh: Translation<English>;
}): typeof texts {
  return texts;
}

export interface Texts {
  readonly [name: string]: string | Texts | ((...values: never[]) => string);
}

type Translation<English extends Texts> = {
  readonly [Name in keyof English]: English[Name] extends (...values: infer Values) => string
    ? (...values: Values) => string
    : English[Name] extends Texts
      ? Translation<English[Name]>
      : string;
};

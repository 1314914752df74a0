import { createHash } from 'node:crypto';
import { address, html, join, trusted, type Content, type Html } from './html.ts';
import { catalogue, languageNames, languageTags, type Language } from './language.ts';
import { styleSheet } from './style-sheet.ts';

export interface Section {
  /** Unique in its edition; `anchor` makes the page's id of it. */
  readonly id: string;
  readonly title: string;
  readonly content: Content;
}

/** The page in one language. */
export interface Edition {
  readonly language: Language;
  readonly title: string;
  /** Between the heading and the table of contents. */
  readonly lead?: Content;
  readonly sections: readonly Section[];
  /** When and by whom it was made, and from what. */
  readonly foot?: Content;
}

/** The id of a section (or anything else) in an edition, to link to as `#…`. */
export function anchor(language: Language, id: string): string {
  return `${language}-${id}`;
}

/** A link; throws a TypeError for an address that a page must not have, such as `javascript:`. */
export function link(url: string, text: Content): Html {
  return html`<a href="${address(url)}">${text}</a>`;
}

/**
 * One self-contained file: no script, nothing fetched, and a Content-Security-Policy that would
 * forbid both. The first edition is shown; `#zh` or `#en`, and every link into an edition, show that
 * one, without script. A browser without `:has()` shows all editions, one below the other.
 */
export function renderPage(editions: readonly [Edition, ...Edition[]]): string {
  const [first] = editions;
  const style = `${styleSheet}\n${editionRules(editions.map(({ language }) => language))}`;
  const page = html`<!doctype html>
    <html lang="${languageTags[first.language]}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policyFor(style)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${join(titles(editions), ' · ')}</title>
        ${styleElement(style)}
      </head>
      <body>
        ${editions.map((edition) => renderEdition(edition, editions))}
      </body>
    </html> `;
  return page.markup;
}

function titles(editions: readonly Edition[]): string[] {
  return [...new Set(editions.map(({ title }) => title))];
}

const words = catalogue({
  en: { skip: 'Skip to the content', contents: 'Contents', languages: 'Language' },
  zh: { skip: '跳到正文', contents: '目录', languages: '语言' },
});

function renderEdition(edition: Edition, editions: readonly Edition[]): Html {
  const { language, title, lead, sections, foot } = edition;
  const { skip, contents } = words[language];
  return html`<div class="edition" id="${language}" lang="${languageTags[language]}">
    <header>
      <a class="skip" href="#${anchor(language, 'main')}">${skip}</a>
      ${editions.length > 1 && languageSwitch(language, editions)}
      <h1>${title}</h1>
    </header>
    <main id="${anchor(language, 'main')}" tabindex="-1">
      ${lead}
      ${
        sections.length > 1 &&
        html`<nav class="contents" aria-label="${contents}">
          <ul>
            ${sections.map(
              ({ id, title }) => html`<li><a href="#${anchor(language, id)}">${title}</a></li>`,
            )}
          </ul>
        </nav>`
      }
      ${sections.map((section) => renderSection(language, section))}
    </main>
    ${foot !== undefined && html`<footer>${foot}</footer>`}
  </div> `;
}

function languageSwitch(current: Language, editions: readonly Edition[]): Html {
  return html`<nav class="languages" aria-label="${words[current].languages}">
    <ul>
      ${editions.map(
        ({ language }) =>
          html`<li>
            <a
              href="#${language}"
              lang="${languageTags[language]}"
              hreflang="${languageTags[language]}"
              aria-current="${language === current ? 'true' : 'false'}"
              >${languageNames[language]}</a
            >
          </li>`,
      )}
    </ul>
  </nav>`;
}

function renderSection(language: Language, { id, title, content }: Section): Html {
  const place = anchor(language, id);
  return html`<section id="${place}" aria-labelledby="${place}-title">
    <h2 id="${place}-title">${title}</h2>
    ${content}
  </section> `;
}

/** One edition is shown at a time: the one that the address points into, else the first. */
function editionRules(languages: readonly Language[]): string {
  const [first, ...others] = languages;
  if (first === undefined || others.length === 0) return '';
  const chosen = (language: Language) => `body:has(#${language}:target,#${language} :target)`;
  const rules = others.flatMap((language) => [
    `#${language}{display:none}`,
    `${chosen(language)} #${language}{display:block}`,
    ...languages
      .filter((other) => other !== language)
      .map((other) => `${chosen(language)} #${other}{display:none}`),
  ]);
  return `@supports selector(:has(a)){${rules.join('')}}`;
}

/** In one piece, for the policy's digest is of every byte between the tags. */
function styleElement(style: string): Html {
  return trusted(`<style>${style}</style>`);
}

/** Nothing is loaded, sent, run or framed; the one style sheet is known by its digest. */
function policyFor(style: string): string {
  const digest = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`;
}

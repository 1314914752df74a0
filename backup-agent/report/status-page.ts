import { anchor, renderPage, type Edition } from '../../pages/page.ts';
import { html, join, type Content, type Html } from '../../pages/html.ts';
import { languages, type Language } from '../../pages/language.ts';
import type { JobReport, StatusReport } from '../operations/status-report.ts';
import { accessSection } from './sections/access.ts';
import { chainSection } from './sections/chains.ts';
import { drillSection } from './sections/drills.ts';
import { evidenceSection } from './sections/evidence.ts';
import { keyFacts, renderHeadline } from './sections/headline.ts';
import { objectiveSection } from './sections/objectives.ts';
import { retentionSection } from './sections/retention.ts';
import { sizeSection } from './sections/sizes.ts';
import { timelineSection } from './sections/timeline.ts';
import { readerOf, type Reader } from './words.ts';

export interface StatusPageOptions {
  /** IANA name; times on the page are in this zone. */
  readonly timeZone: string;
  /** The language that is shown first. */
  readonly language: Language;
}

/** As commands name them. */
export const statusPageLanguages = languages;

/** What one section says of one job. */
export type JobSection = (job: JobReport, reader: Reader, report: StatusReport) => Promised;
type Promised = Content | Promise<Content>;

const jobSections = [
  ['objectives', objectiveSection],
  ['timeline', timelineSection],
  ['sizes', sizeSection],
  ['drills', drillSection],
  ['chains', chainSection],
  ['evidence', evidenceSection],
  ['retention', retentionSection],
  ['access', accessSection],
] as const satisfies readonly (readonly [keyof Reader['words'], JobSection])[];

/**
 * The status page: one HTML file, in every language, that needs neither network nor script. It shows
 * what `report` holds and reads no clock.
 */
export async function renderStatusPage(
  report: StatusReport,
  { timeZone, language }: StatusPageOptions,
): Promise<string> {
  const order = [language, ...languages.filter((other) => other !== language)];
  const [first, ...others] = await Promise.all(
    order.map((each) => renderEdition(report, readerOf(each, timeZone))),
  );
  if (!first) throw new TypeError('a page has at least one language');
  return renderPage([first, ...others]);
}

async function renderEdition(report: StatusReport, reader: Reader): Promise<Edition> {
  const { language, words, format } = reader;
  const { since, at, by } = report;
  return {
    language,
    title: words.title,
    lead: [renderHeadline(report, reader), keyFacts(report, reader)],
    sections: await Promise.all(
      jobSections.map(async ([id, section]) => ({
        id,
        title: words[id].title,
        content: await everyJob(report, reader, id, section),
      })),
    ),
    foot: html`<p>${words.made(format.moment(at), by)}</p>
      <p>${words.charts(format.day(since), format.day(at))}</p>`,
  };
}

async function everyJob(
  report: StatusReport,
  reader: Reader,
  id: string,
  section: JobSection,
): Promise<Html> {
  const contents = await Promise.all(
    report.jobs.map(
      async (job) =>
        html`<h3 id="${anchor(reader.language, `${id}-${job.job}`)}">${job.job}</h3>
          ${await section(job, reader, report)}`,
    ),
  );
  return join(contents.length > 0 ? contents : [html`<p>${reader.words.noJobs}</p>`]);
}

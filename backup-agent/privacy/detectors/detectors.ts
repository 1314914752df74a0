import { countryCodeLength } from '../country-code.ts';
import { pseudonymDomain } from '../pseudonyms/email.ts';
import { isResidentId, passesLuhn } from './check-digits.ts';

/** What a text can be recognised as, whatever its column is called. */
export const personalKinds = [
  'e-mail address',
  'resident id',
  'card number',
  'phone number',
] as const;
export type PersonalKind = (typeof personalKinds)[number];

export interface PersonalText {
  readonly kind: PersonalKind;
  readonly text: string;
  /** Where it begins. */
  readonly at: number;
}

interface Detector {
  readonly kind: PersonalKind;
  readonly pattern: RegExp;
  readonly accepts: (text: string) => boolean;
}

/** At most 15 digits, and no national number begins with 0 (ITU-T E.164). */
function isPhone(text: string): boolean {
  const digits = digitsOf(text);
  return (
    digits.length <= 15 && !(text.startsWith('+') && digits[countryCodeLength(digits)] === '0')
  );
}

const digitsOf = (text: string) => text.replaceAll(/\D/g, '');

/** Networks' first digits with the lengths they use (ISO/IEC 7812): without them, one number in ten passes. */
const cardNumber =
  /^(?:4\d{15}|4\d{12}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|35\d{14}|62\d{14,17})$/;

/** Stricter first: a resident id is no card number, a card number no phone number. */
const detectors: readonly Detector[] = [
  {
    kind: 'e-mail address',
    pattern:
      /(?<![\w.+-])[\p{L}\d][\p{L}\d._%+'-]{0,63}@(?:[\p{L}\d](?:[\p{L}\d-]{0,61}[\p{L}\d])?\.)+\p{L}{2,24}(?![\p{L}\d])/gu,
    accepts: (text) => !text.endsWith(`@${pseudonymDomain}`),
  },
  {
    kind: 'resident id',
    pattern: /(?<![\dA-Za-z])[1-8]\d{16}[\dXx](?![\dA-Za-z])/g,
    accepts: isResidentId,
  },
  {
    kind: 'card number',
    pattern: /(?<![\p{L}\d.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7})(?![\p{L}\d-])/gu,
    accepts: (text) => cardNumber.test(digitsOf(text)) && passesLuhn(digitsOf(text)),
  },
  {
    kind: 'phone number',
    // With a country code, which no 0 follows; or a mobile number of mainland China.
    pattern:
      /(?<![\p{L}\d+.-])(?:\+[1-9]\d{0,2}[ ().-]{0,2}[1-9](?:[ ().-]{0,2}\d){5,12}|1[3-9]\d(?:[ -]?\d{4}){2})(?![\p{L}\d]|[.-]\d)/gu,
    accepts: isPhone,
  },
];

/** What looks personal in a text, in its order and without overlaps. Pseudonyms of ours do not count. */
export function findPersonal(text: string): PersonalText[] {
  // Every kind needs one or the other; most texts have neither.
  if (!/[@\d]/.test(text)) return [];
  const found: PersonalText[] = [];
  const taken = (at: number, length: number) =>
    found.some((other) => at < other.at + other.text.length && other.at < at + length);
  for (const { kind, pattern, accepts } of detectors)
    for (const match of text.matchAll(pattern))
      if (accepts(match[0]) && !taken(match.index, match[0].length))
        found.push({ kind, text: match[0], at: match.index });
  return found.toSorted((left, right) => left.at - right.at);
}

const personalNames =
  /(?:^|_)(?:e_?mail|mail_?address|phone|mobile|cell|tel|telephone|fax|(?:first|last|full|given|family|sur|display|nick|middle|contact|customer|person)_?name|birth_?(?:day|date)?|dob|date_of_birth|address|street|zip_?code|post_?code|passport|ssn|iban|bank_account|card_?(?:no|number)|id_?card|identity_?(?:no|number)|wechat|weixin|qq)(?:_|\d|$)|姓名|名字|邮箱|邮件|电话|手机|身份证|地址|生日|出生|护照|银行卡|微信/iu;

/** Whether a column's name promises personal data, written in snake_case, camelCase or Chinese. */
export function hasPersonalName(column: string): boolean {
  return personalNames.test(column.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2'));
}

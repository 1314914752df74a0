/** The Luhn check of card numbers (ISO/IEC 7812-1, annex B); digits alone. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at]);
    const doubled = at % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const checkCharacters = '10X98765432';

/**
 * Whether 18 characters are a resident identity number of China: a date of birth that the calendar
 * has, and the check character of GB 11643 (ISO 7064, MOD 11-2).
 */
export function isResidentId(text: string): boolean {
  if (!/^[1-8]\d{16}[\dXx]$/.test(text)) return false;
  const [year, month, day] = [text.slice(6, 10), text.slice(10, 12), text.slice(12, 14)].map(
    Number,
  );
  if (year === undefined || month === undefined || day === undefined) return false;
  if (year < 1850 || year > 2150) return false;
  const date = new Date(Date.UTC(year, month - 1, day));
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return false;
  const sum = weights.reduce((total, weight, at) => total + weight * Number(text[at]), 0);
  return checkCharacters[sum % 11] === text[17]?.toUpperCase();
}

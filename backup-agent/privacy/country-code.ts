/**
 * Country calling codes have one to three digits and none begins another: those of one and two
 * digits (ITU-T E.164, list of assigned codes); all others have three.
 */
const shortCodes = /^(?:1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** How many digits of an international number, without its `+`, say which country it is in. */
export function countryCodeLength(digits: string): number {
  return shortCodes.exec(digits)?.[0].length ?? 3;
}

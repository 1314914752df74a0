import type { MaskingKey } from '../masking-key.ts';

/** Common family names: https://en.wikipedia.org/wiki/Hundred_Family_Surnames has them all. */
const familyNames = Array.from(
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付',
);
/**
 * The stems, the branches, the mansions of the moon, the trigrams and the notes: characters that read
 * as placeholders and hardly ever stand in a given name.
 */
const givenCharacters = Array.from(
  '甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥角亢氐房心尾箕斗牛女虚危室壁奎娄胃昴毕觜参井鬼柳星张翼轸乾兑离震巽坎艮坤宫商徵羽',
);
const consonants = 'b d f g k l m n p r s t v z br dr kl st th tr'.split(' ');
const vowels = 'a e i o u ai ea io'.split(' ');
const endings = ['l', 'n', 'r', 's', 'm', 'd', '', ''];

const han = /\p{Script=Han}/u;

/**
 * A name in the form of the original: as many words, Chinese for Chinese and invented Latin words for
 * everything else, capitals where there were some, digits for digits. Names are few: two people may
 * get the same one.
 */
export function namePseudonym(key: MaskingKey, value: string): string {
  let word = 0;
  return value.replaceAll(/[^\s·,.'’-]+/gu, (text) => {
    const draw = drawFrom(key.digest(`name ${(word += 1)}`, value));
    if (/^\d+$/.test(text)) return Array.from(text, () => draw(10)).join('');
    return han.test(text) ? chineseName(text, draw) : latinWord(text, draw);
  });
}

type Draw = (count: number) => number;

/** Takes numbers off a digest, two bytes each. */
function drawFrom(digest: Buffer): Draw {
  let at = 0;
  return (count) => {
    const number = digest.readUInt16BE(at % (digest.length - 1));
    at += 2;
    return number % count;
  };
}

function pick(from: readonly string[], draw: Draw): string {
  return from[draw(from.length)] ?? '';
}

function chineseName(text: string, draw: Draw): string {
  const given = Math.min(Math.max(Array.from(text).length - 1, 1), 2);
  const characters = Array.from({ length: given }, () => pick(givenCharacters, draw));
  return pick(familyNames, draw) + characters.join('');
}

function latinWord(text: string, draw: Draw): string {
  if (Array.from(text).length === 1) return capitalsOf(text, pick(consonants, draw).charAt(0));
  const syllables = Array.from({ length: 3 }, () => pick(consonants, draw) + pick(vowels, draw));
  return capitalsOf(text, syllables.join('') + pick(endings, draw));
}

function capitalsOf(original: string, word: string): string {
  if (original.length > 1 && original === original.toUpperCase()) return word.toUpperCase();
  const first = original.charAt(0);
  return first === first.toUpperCase() ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

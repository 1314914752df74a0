const word = (value: bigint) => BigInt.asUintN(64, value);
const rotate = (value: bigint, by: bigint) => word((value << by) | (value >> (64n - by)));

const c1 = 0x87c37b91114253d5n;
const c2 = 0x4cf5ad432745937fn;
const mix1 = (k: bigint) => word(rotate(word(k * c1), 31n) * c2);
const mix2 = (k: bigint) => word(rotate(word(k * c2), 33n) * c1);

function finish(value: bigint): bigint {
  let k = value;
  k = word((k ^ (k >> 33n)) * 0xff51afd7ed558ccdn);
  k = word((k ^ (k >> 33n)) * 0xc4ceb9fe1a85ec53n);
  return k ^ (k >> 33n);
}

/**
 * MurmurHash3_x64_128 after its author’s MurmurHash3.cpp, slow and plain: what the module in
 * WebAssembly is compared with.
 */
export function murmur3(bytes: Uint8Array, seed: bigint): [bigint, bigint] {
  const padded = Buffer.concat([bytes, Buffer.alloc(16)]);
  const whole = bytes.length - (bytes.length % 16);
  let [h1, h2] = [seed, seed];
  for (let at = 0; at < whole; at += 16) {
    h1 = word(rotate(h1 ^ mix1(padded.readBigUInt64LE(at)), 27n) + h2);
    h1 = word(h1 * 5n + 0x52dce729n);
    h2 = word(rotate(h2 ^ mix2(padded.readBigUInt64LE(at + 8)), 31n) + h1);
    h2 = word(h2 * 5n + 0x38495ab5n);
  }
  const length = BigInt(bytes.length);
  h1 ^= mix1(padded.readBigUInt64LE(whole)) ^ length;
  h2 ^= mix2(padded.readBigUInt64LE(whole + 8)) ^ length;
  h1 = word(h1 + h2);
  h2 = word(h2 + h1);
  h1 = finish(h1);
  h2 = finish(h2);
  h1 = word(h1 + h2);
  return [h1, word(h2 + h1)];
}

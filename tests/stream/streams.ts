/** `bytes` in pieces of `pieceBytes`, each a copy of its own. */
export async function* inPieces(
  bytes: Uint8Array,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void> {
  for (let offset = 0; offset < bytes.length; offset += pieceBytes)
    yield bytes.slice(offset, offset + pieceBytes);
}

/** Everything a stream yields; with `released`, also what came before it failed. */
export async function collect(
  stream: AsyncIterable<Uint8Array>,
  released: Uint8Array[] = [],
): Promise<Buffer> {
  for await (const chunk of stream) released.push(chunk);
  return Buffer.concat(released);
}

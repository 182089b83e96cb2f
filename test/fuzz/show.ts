/** Packets and settings for a reader, in a line: bytes are hexadecimal digits. */
export function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Uint8Array) return hex(each)
    return each === Number.POSITIVE_INFINITY ? 'Infinity' : each
  })
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

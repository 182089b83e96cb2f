/** Makes an input that goes wrong as short and as plain as it still goes wrong in the same way. */

export interface Shortened {
  readonly input: Uint8Array
  /** What goes wrong; undefined where nothing does. */
  readonly error: string | undefined
}

export function shorten(input: Uint8Array, fuzz: (input: Uint8Array) => void): Shortened {
  const wanted = failureOf(input, fuzz)
  if (wanted === undefined) return { input, error: undefined }
  const fails = (other: Uint8Array): boolean => failureOf(other, fuzz) === wanted
  let best = input
  for (let before: Uint8Array | undefined; before !== best; ) {
    before = best
    for (let length = 16; length >= 1; length >>= 1) {
      for (let at = best.length - length; at >= 0; at--) {
        const shorter = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + length)])
        if (fails(shorter)) best = shorter
      }
    }
    for (let at = 0; at < best.length; at++) {
      const plainer = best.slice()
      plainer[at] = 0
      if (best[at] !== 0 && fails(plainer)) best = plainer
    }
  }
  return { input: best, error: wanted }
}

/** Without its numbers, which change when the input does. */
function failureOf(input: Uint8Array, fuzz: (input: Uint8Array) => void): string | undefined {
  try {
    fuzz(input)
    return undefined
  } catch (error) {
    return String(error)
      .replace(/: [0-9a-f]{4,};/, '')
      .replaceAll(/\d+/g, '#')
  }
}

/** Which statements the title of a test claims to prove, and for which version. */

import type { Titles } from '../support/titles.js'
import { STATEMENTS, VERSIONS, type Version } from './statements.js'

export interface Claim {
  readonly version: Version
  readonly id: string
  readonly file: string
  readonly title: string
}

const NAME = '(?:5\\.0|3\\.1\\.1|3\\.1)'
/** `5.0: …`, `3.1.1 and 5.0: …`, at the beginning of a title or of what it stands in. */
const NAMED = new RegExp(`(?<![\\d.])(${NAME}(?:(?:, | and )${NAME})*): `, 'g')
/** `[MQTT-3.1.2-9]`, or `[MQTT-3.1.2-9 of 3.1.1]` where it differs from version to version. */
const CITED = new RegExp(`\\[(MQTT-[^\\] ]+)(?: of (${NAME}))?\\]`, 'g')

/**
 * A title that names versions (`5.0: `) claims for those; one that names none for the only standard that has the id. An id
 * with its version (`of 5.0`) counts for that one alone, and not at all where the title names others.
 */
export function claimsOf(titles: Titles): { claims: Claim[]; faults: string[] } {
  const claims: Claim[] = []
  const faults: string[] = []
  for (const [file, all] of titles) {
    for (const title of all) {
      const named = [...title.matchAll(NAMED)].flatMap(([, list]) => (list as string).split(/, | and /))
      for (const [, id, of] of title.matchAll(CITED) as Iterable<[string, string, string?]>) {
        const versions = claimed(id, named, of)
        if (typeof versions === 'string') faults.push(`${file} › ${title}: ${versions}`)
        else for (const version of versions) claims.push({ version, id, file, title })
      }
    }
  }
  return { claims, faults }
}

function claimed(id: string, named: readonly string[], of?: string): Version[] | string {
  const known = VERSIONS.filter((version) => STATEMENTS[version].has(id))
  if (known.length === 0) return `cites ${id}, which is in no list`
  const meant = of === undefined ? named : [of]
  const foreign = VERSIONS.find((version) => meant.includes(version) && !known.includes(version))
  if (foreign) return `cites ${id}, which ${foreign} does not have`
  if (meant.length === 0 && known.length > 1) return `cites ${id}, which is in both standards, and names no version`
  return known.filter(
    (version) => (meant.length === 0 || meant.includes(version)) && (named.length === 0 || named.includes(version)),
  )
}

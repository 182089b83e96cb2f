/** All hostile cases: each way to break a rule, in each version, in each phase. */

import type { ProtocolVersion } from '../../src/codec/index.js'
import { brokenPackets } from './broken.js'
import type { Case } from './case.js'
import { beyondLimits } from './limits.js'
import { misplacedPackets } from './misplaced.js'
import { PHASES, type Phase, type PhaseName } from './phases.js'

export const PHASE_NAMES = Object.keys(PHASES) as PhaseName[]
export const VERSIONS = [5, 4, 3] as const

export function casesOf(name: PhaseName, version: ProtocolVersion): Case[] {
  const phase: Phase = PHASES[name]
  if (!phase.versions.includes(version)) return []
  const all = [...brokenPackets(version), ...misplacedPackets(name, version), ...beyondLimits(name, version)]
  return all.map((hostile) => ({ ...hostile, version, phase }))
}

export function allCases(): Case[] {
  return VERSIONS.flatMap((version) => PHASE_NAMES.flatMap((name) => casesOf(name, version)))
}

/** Each rule broken once in each packet, in one phase after the other; what depends on the phase, in each. */
export function sampleOfCases(): Case[] {
  const seen = new Set<string>()
  return VERSIONS.flatMap((version) => {
    const names = PHASE_NAMES.filter((name) => casesOf(name, version).length > 0)
    const broken = brokenPackets(version).filter(({ packet, rule }) => {
      const key = `${version} ${packet} ${rule}`
      return !seen.has(key) && seen.add(key)
    })
    return names.flatMap((name, i) =>
      [
        ...broken.filter((_, at) => at % names.length === i),
        ...misplacedPackets(name, version),
        ...beyondLimits(name, version),
      ].map((hostile): Case => ({ ...hostile, version, phase: PHASES[name] })),
    )
  })
}

export function titleOf({ packet, rule, way, phase, version, send }: Case): string {
  const digits = typeof send === 'string' ? send : JSON.stringify(send)
  return `${version} ${packet}, ${rule}${way ? ` (${way})` : ''}, ${phase.name}, ${digits}`
}

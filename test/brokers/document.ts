/** docs/brokers.md, made of the behaviours and of what each broker lacks. */

import { BEHAVIOURS, type Behaviour } from './behaviours.js'
import { type BrokerKind, lackOf } from './broker.js'

export const VERSION_NAMES = { 3: '3.1', 4: '3.1.1', 5: '5.0' } as const

const INTRODUCTION = `# Brokers

What an application can expect of each broker, as seen through this client. \`npm test\` shows it for mosquitto and for the broker
in npm that the demo uses; \`npm run test:brokers\` for all, and installs them on a Debian when it may. Where a broker lacks
something, the suite demands that it still fails in the way that is noted below. So this page is about these versions, no others.

The page is made from \`test/brokers\` by \`UPDATE_DOCS=1 npx vitest run test/brokers/document.test.ts\`; a test holds it to that.
`

export function makeDocument(kinds: readonly BrokerKind[]): string {
  const names = kinds.map(({ name }) => name)
  const table = [
    row(['', ...names]),
    row(['---', ...names.map(() => '---')]),
    row(['Version seen', ...kinds.map(({ origin }) => origin)]),
    row([
      'MQTT',
      ...kinds.map(({ versions }) =>
        versions
          .map((version) => VERSION_NAMES[version])
          .reverse()
          .join(', '),
      ),
    ]),
    ...BEHAVIOURS.map((behaviour) => row([behaviour.title, ...kinds.map((kind) => cellOf(kind, behaviour))])),
  ]
  return `${INTRODUCTION}\n${table.join('\n')}\n\nA dash: not there, or not set up here.\n${kinds.map(notesOf).join('')}`
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

function lacksOf(kind: BrokerKind, { title, scheme, versions }: Behaviour) {
  if (scheme !== undefined && !kind.schemes.includes(scheme)) return []
  return kind.versions
    .filter((version) => versions?.includes(version) ?? true)
    .map((version) => ({ version, lack: lackOf(kind, title, version) }))
}

function cellOf(kind: BrokerKind, behaviour: Behaviour): string {
  const seen = lacksOf(kind, behaviour)
  const has = seen.filter(({ lack }) => lack === undefined)
  if (seen.length === 0) return '–'
  if (has.length === seen.length) return 'yes'
  return has.length === 0 ? '**no**' : `only ${has.map(({ version }) => VERSION_NAMES[version]).join(', ')}`
}

function notesOf(kind: BrokerKind): string {
  const notes = BEHAVIOURS.flatMap((behaviour) => {
    const seen = lacksOf(kind, behaviour)
    const texts = [...new Set(seen.flatMap(({ lack }) => lack?.instead ?? []))]
    return texts.map((text) => {
      const versions = seen.filter(({ lack }) => lack?.instead === text).map(({ version }) => VERSION_NAMES[version])
      return `- ${behaviour.title} (${versions.join(', ')}): ${text}\n`
    })
  })
  return notes.length === 0 ? '' : `\n## ${kind.name}\n\n${notes.join('')}`
}

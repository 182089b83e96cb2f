/** Reads the tables of docs/parity.md, and says what is wrong with them. Pure: what there is besides is given. */

export interface Row {
  readonly section: string
  /** The cells by the headings of their columns; the last is `proof`. */
  readonly cells: Readonly<Record<string, string>>
  /** `file › title`, or what else the last cell holds. */
  readonly proofs: readonly string[]
}

/** What must have a row: for each section (or several, by `|`) and column the names that must be there in code. */
export interface Demand {
  readonly sections: string
  readonly column: string
  readonly names: readonly string[]
  /** Where the fact comes from, for the one who reads the complaint. */
  readonly origin: string
}

/** Tests without a network connection: they prove nothing about a row. */
const UNCONNECTED = [
  /^test\/(client|codec|session|walls|package)\//,
  /^test\/cli\/(advice|args|docs|output|progress)\.test\.ts$/,
  /^test\/platform\/(endpoint|browser-platform|clock-and-timer)\.test\.ts$/,
  /^test\/parity\/parity\.test\.ts$/,
]

export function parseTables(markdown: string): Row[] {
  const rows: Row[] = []
  let section = ''
  let headings: string[] | undefined
  for (const line of markdown.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3).trim()
    if (!line.startsWith('|')) {
      headings = undefined
      continue
    }
    const cells = line
      .slice(1, line.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll('\\|', '|'))
    if (!headings) headings = cells
    else if (!/^[\s|:-]+$/.test(line)) {
      const named = Object.fromEntries(headings.map((heading, at) => [heading, cells[at] ?? '']))
      const last = cells.at(-1) as string
      rows.push({ section, cells: named, proofs: last === '' ? [] : last.split('<br>') })
    }
  }
  return rows
}

/** The pieces of code in a cell. */
export function codeOf(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
}

/** The files that the rows name, whether there are such or not. */
export function filesOf(rows: readonly Row[]): Set<string> {
  return new Set(rows.flatMap(({ proofs }) => proofs.flatMap((proof) => proof.split(' › ').slice(0, 1))))
}

/** `titles`: all titles of each file that there is, each with those of what it stands in: `suite > test`. */
export function complaints(
  markdown: string,
  titles: ReadonlyMap<string, ReadonlySet<string>>,
  demands: readonly Demand[],
): string[] {
  const rows = parseTables(markdown)
  const proofs = rows.flatMap((row) => {
    const name = `${row.section}: ${Object.values(row.cells)[0]} ${row.cells.here}`
    if (row.proofs.length === 0) return [`${name}: has no test`]
    return row.proofs.flatMap((proof) => {
      const why = wrongProof(proof, titles)
      return why === undefined ? [] : [`${name}: ${why}`]
    })
  })
  return [...proofs, ...demands.flatMap((demand) => missing(demand, rows, markdown))]
}

function wrongProof(proof: string, titles: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const [file, ...rest] = proof.split(' › ')
  const title = rest.join(' › ')
  if (file === undefined || title === '') return `expected "file › title", got ${proof}`
  if (UNCONNECTED.some((pattern) => pattern.test(file))) return `${file} has no real connection`
  const known = titles.get(file)
  if (!known) return `there is no file ${file}`
  return known.has(title) ? undefined : `${file} has no test "${title}"`
}

function missing({ sections, column, names, origin }: Demand, rows: readonly Row[], markdown: string): string[] {
  const wanted = sections.split('|')
  const cells = rows.filter(({ section }) => wanted.includes(section)).map(({ cells }) => cells[column])
  // Prose has no columns; what is named in it is named.
  for (const section of wanted) {
    const prose = markdown.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? ''
    cells.push(...prose.split('\n').filter((line) => !line.startsWith('|')))
  }
  const named = cells.flatMap(codeOf)
  return names
    .filter((name) => !named.some((code) => mentions(code, name)))
    .map((name) => `${origin}: ${name} has no row in ${wanted.join(' or ')}, column "${column}"`)
}

/** Whether the code is this name, or begins with it: `publish` in `publish(topic)`, not in `publisher`. */
function mentions(code: string, name: string): boolean {
  return code.startsWith(name) && !/^[\w$-]/.test(code.slice(name.length))
}

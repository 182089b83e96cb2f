/** A small disk that can really be full: a tmpfs in a mount namespace of its own. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

const NAMESPACE = ['unshare', '--map-root-user', '--mount']

/** Why there can be no such disk here; undefined when there can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has mount namespaces'
  const mount = 'mount -t tmpfs tmpfs /tmp && command -v nsenter'
  const { status, stderr, error } = spawnSync(NAMESPACE[0] as string, [...NAMESPACE.slice(1), 'sh', '-c', mount])
  return status === 0 ? undefined : `no mount namespace: ${error?.message ?? stderr}`
}

export class SmallDisk implements Disposable {
  readonly #directory: string
  readonly #keeper: ChildProcess
  /** What runs the command that follows it where the disk is seen. */
  readonly inside: readonly string[]

  /** Mounts it on the directory; `size` as mount takes it. */
  static async mount(directory: string, size: string): Promise<SmallDisk> {
    const mount = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo mounted && exec cat'
    const [command = '', ...args] = [...NAMESPACE, 'sh', '-c', mount, directory, size]
    const keeper = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const [said] = await once(keeper.stdout as NodeJS.ReadableStream, 'data')
    if (String(said) !== 'mounted\n') throw new Error(`no disk was mounted: ${said}`)
    return new SmallDisk(directory, keeper)
  }

  private constructor(directory: string, keeper: ChildProcess) {
    this.#directory = directory
    this.#keeper = keeper
    this.inside = ['nsenter', `--target=${keeper.pid}`, '--user', '--mount', '--preserve-credentials']
  }

  /** Runs a script whose `$0` is the directory. */
  shell(script: string): void {
    const [command = '', ...args] = [...this.inside, 'sh', '-c', script, this.#directory]
    const { status, stderr } = spawnSync(command, args)
    if (status !== 0 || stderr.length > 0) throw new Error(`${script}: ${status} ${stderr}`)
  }

  [Symbol.dispose](): void {
    this.#keeper.kill('SIGKILL')
  }
}

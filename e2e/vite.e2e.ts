/** A page that Vite bundled from an application that imports the package, as npm packs it. */

import { cp, mkdir, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, createLogger } from 'vite'
import { run } from '../test/support/command.mjs'
import { startMosquitto } from '../test/support/mosquitto.js'
import { scramPlugin } from '../test/support/scram-plugin.js'
import { ROOT } from '../test/support/setup.mjs'
import { expect, test } from './support/test.js'

const APP = fileURLToPath(new URL('app', import.meta.url))

/** The package in node_modules of a folder of its own, without its dependencies: a browser build needs none. */
async function installInto(folder: string): Promise<void> {
  const pack = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  const packed = await run('npm', pack, { cwd: ROOT, timeout: 30_000 })
  expect(packed.code, packed.output).toBe(0)
  const target = join(folder, 'node_modules/emqtt')
  await mkdir(target, { recursive: true })
  const tarball = join(folder, packed.output.trim())
  const unpacked = await run('tar', ['-xzf', tarball, '-C', target, '--strip-components=1'])
  expect(unpacked.code, unpacked.output).toBe(0)
}

test('A page bundled by Vite publishes and receives; the bundle holds no polyfill and Vite warns of nothing.', async ({
  page,
  site,
}) => {
  await using broker = await startMosquitto({ config: await scramPlugin({ users: { ann: 'secret' } }) })
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'emqtt-vite-')))
  try {
    await Promise.all([installInto(folder), cp(APP, folder, { recursive: true })])
    const warnings: string[] = []
    const warn = (text: string): void => void warnings.push(text)
    await build({
      root: folder,
      base: '/app/',
      configFile: false,
      logLevel: 'warn',
      customLogger: { ...createLogger('warn'), warn, warnOnce: warn, error: warn },
    })
    expect(warnings).toEqual([])

    const built = join(folder, 'dist')
    const scripts = (await readdir(built, { recursive: true })).filter((name) => name.endsWith('.js'))
    const code = (await Promise.all(scripts.map((name) => readFile(join(built, name), 'utf8')))).join('\n')
    expect(code).toContain('emqtt.MqttError')
    expect(code.match(/\bBuffer\b|\bprocess\b|\bnode:|\brequire\(|browser-external/g)).toBeNull()

    site.mount('/app/', built)
    for (const [origin, url] of [
      [site.http, broker.urls.ws],
      [site.https, broker.urls.wss],
    ] as const) {
      await page.goto(`${origin}/app/?broker=${encodeURIComponent(url)}`)
      await expect(page.locator('output')).toHaveText('Grüße ✓ 0 at QoS 0, Grüße ✓ 1 at QoS 1, Grüße ✓ 2 at QoS 2')
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

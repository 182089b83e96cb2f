/** What the command line takes from this machine: files, network interfaces, its name for a client id. */

import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import type { ProtocolVersion } from '../platform/node/index.js'
import { wrongUsage } from './failure.js'

/** The bytes of a file that an option names. */
export function readNamedFile(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw wrongUsage(`${option}: cannot read ${path}: ${reasonOf(error as NodeJS.ErrnoException)}`)
  }
}

/** The password that a file holds: its bytes, without the newline that an editor or `echo` puts behind them. */
export function readPassword(path: string): Buffer {
  const content = readNamedFile('--password-file', path)
  const end = content.at(-1) !== LF ? content.length : content.length - (content.at(-2) === CR ? 2 : 1)
  return content.subarray(0, end)
}

const LF = 0x0a
const CR = 0x0d

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return 'there is no such file'
  if (error.code === 'EACCES') return 'permission denied'
  if (error.code === 'EISDIR') return 'it is a directory'
  return error.message
}

/**
 * `emqtt-<hostname>-<20 hexadecimal digits>`, as the reference makes it. MQTT 3.1 has room for 23 characters only, and
 * servers keep to that: there the name and the digits are cut.
 */
export function randomClientId(version: ProtocolVersion): string {
  return version === 3 ? `emqtt-${hostname().slice(0, 4)}-${digits(12)}` : `emqtt-${hostname()}-${digits(20)}`
}

/** It is a name and no secret, and loading `node:crypto` would be a tenth of what this program takes to start. */
function digits(count: number): string {
  return Array.from({ length: count }, () => Math.floor(Math.random() * 16).toString(16)).join('')
}

/**
 * The local end for a connection to `host`, from an address or from the name of an interface. The family goes with
 * it: a local IPv4 address cannot reach an IPv6 one, to which a name may resolve first.
 */
export function localEnd(iface: string, host: string): { localAddress: string; family: number } {
  const family = isIP(iface)
  if (family !== 0) return { localAddress: iface, family }

  const interfaces = networkInterfaces()
  const addresses = interfaces[iface]
  if (addresses === undefined) {
    throw wrongUsage(
      `--iface: there is no interface or address ${iface}; there is ${Object.keys(interfaces).join(', ')}`,
    )
  }
  // A link-local address of IPv6 serves only with the zone it belongs to.
  const usable = addresses.filter(({ address }) => !address.startsWith('fe80:'))
  const wanted = isIP(host) === 6 ? 'IPv6' : 'IPv4'
  const best = usable.find((address) => address.family === wanted) ?? usable[0]
  if (best === undefined) throw wrongUsage(`--iface: the interface ${iface} has no address`)
  return { localAddress: best.address, family: best.family === 'IPv6' ? 6 : 4 }
}

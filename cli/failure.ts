/** How a command ends badly: one sentence for stderr and the exit code, 1 for what went wrong, 2 for a wrong usage. */

export class Failure extends Error {
  override readonly name = 'Failure'

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message)
  }
}

/** The command line says something that cannot be done: nothing was connected or sent. */
export function wrongUsage(message: string): Failure {
  return new Failure(message, 2)
}

/** Ended by a signal before its work was done; the exit code is the shell's for that signal. */
export function interrupted(signal: 'SIGINT' | 'SIGTERM'): Failure {
  return new Failure(`interrupted by ${signal}`, exitCodeOf(signal))
}

/** Not done within `--timeout`; the exit code is that of timeout(1). */
export function timedOut(seconds: number): Failure {
  return new Failure(`not done within the ${seconds} s of --timeout`, 124)
}

export function exitCodeOf(signal: 'SIGINT' | 'SIGTERM'): number {
  return signal === 'SIGINT' ? 130 : 143
}

/** The client advises in its own words; here, options have other names, and not all can be set. */
export function inOurWords(message: string): string {
  return SAID_HERE.reduce((text, [there, here]) => text.replaceAll(there, here), message)
}

const SAID_HERE: readonly [there: string, here: string][] = [
  ['; TLS 1.0 and 1.1 need tls.ciphers "DEFAULT:@SECLEVEL=0", too', ''],
  ['only with tls.ciphers "DEFAULT:@SECLEVEL=0"', 'only with --tls-version tlsv1.1 or tlsv1'],
  ['tls.minVersion and tls.maxVersion', '--tls-version'],
  [' (PEM text, not a path)', ''],
  [
    'tls.key is encrypted, and tls.passphrase is missing or wrong',
    '--key is encrypted: take one without a pass phrase',
  ],
  ['it takes PEM text, not a path, and tls.passphrase has to open it', 'it takes a file of PEM, without a pass phrase'],
  ['tls.cert and tls.key take PEM text, not paths', '--cert and --key take files of PEM'],
  ['tls.key is not the key of tls.cert', '--key is not the key of --cert'],
  ['tls.key is', '--key is'],
  ['as tls.ca', 'with --CAfile'],
  ['as tls.cert and tls.key', 'with --cert and --key'],
  ['tls.cert and tls.key', '--cert and --key'],
  ['set tls.servername', 'name one with --sni'],
  [' (connectTimeout); check host and port, or raise it', '; check host and port'],
]

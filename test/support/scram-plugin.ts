/** Lines of mosquitto.conf for `startMosquitto` that make it ask for SCRAM, by our own plugin (auth-plugin/scram.c). */

import { buildAuthPlugin } from './setup.mjs'

export interface ScramPluginOptions {
  /** User names and passwords, as SASLprep leaves them. A name may hold no colon. */
  users: Record<string, string>
  /** Default 4096. */
  iterations?: number
  /**
   * Where the server's last message goes: with the success (the default), or `continue`, in an AUTH of its own before
   * it. Or what a false server does: `wrong`, a signature that is not its own, and `missing`, none.
   */
  final?: 'success' | 'continue' | 'wrong' | 'missing'
}

/** Compiles the plugin, unless that is done; fails with what to install. */
export async function scramPlugin({
  users,
  iterations = 4096,
  final = 'success',
}: ScramPluginOptions): Promise<string[]> {
  return [
    `plugin ${await buildAuthPlugin()}`,
    ...Object.entries(users).map(([name, password]) => `plugin_opt_user ${name}:${password}`),
    `plugin_opt_iterations ${iterations}`,
    `plugin_opt_final ${final}`,
  ]
}

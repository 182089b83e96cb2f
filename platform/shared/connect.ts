/** `connect()` of both hosts: a client that is connected, or an error and nothing left. */

import type { ClientOptions, CoreClient } from '../../src/index.js'

/** A string or a `URL`, whose `href` is all that is asked of it. */
export type UrlInput = string | { readonly href: string }

export async function connectClient<C extends CoreClient>(
  Client: new (options: ClientOptions) => C,
  target: UrlInput | ClientOptions,
  options: ClientOptions | undefined,
): Promise<C> {
  const client = new Client(isUrl(target) ? { ...options, url: target } : target)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.stop()
    throw error
  }
}

function isUrl(target: UrlInput | ClientOptions): target is UrlInput {
  return typeof target !== 'object' || 'href' in target
}

/** `connect()` of both hosts: a client that is connected, or an error and nothing left. */

import type { ClientOptions, CoreClient } from '../../src/index.js'

/** A string or a `URL`, whose `href` is all that is asked of it. */
export type UrlInput = string | { readonly href: string }

export async function connectClient<C extends CoreClient>(
  Client: new (options: ClientOptions) => C,
  target: UrlInput | ClientOptions,
  options: ClientOptions | undefined,
): Promise<C> {
  // Not `{ ...options, url }`: V8 would make a class of objects of its own for each of them, 0.3 KiB.
  const client = new Client(isUrl(target) ? Object.assign({}, options, { url: target }) : target)
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

/** How `connect` fails, held against what each of its errors promises: what it is, what it says, and nothing left. */

import { expect } from 'vitest'
import { type ClientOptions, ConnectError, connect, type ErrorPhase, isMqttError } from '../../platform/node/index.js'
import { nothingMoreThan, resources } from '../platform/recorder.js'

export interface Expected {
  code: string | RegExp
  phase: ErrorPhase
  retryable: boolean
  /** What it says is wrong, and what to do. */
  says: RegExp
  reasonCode?: number
  /** Fields of the error below it; null where there is none, because nothing below failed. */
  cause: object | null
}

export async function expectFailure(url: string, options: ClientOptions, expected: Expected): Promise<ConnectError> {
  const before = resources()
  const error = await connect(url, options).then(
    async (client) => {
      await client.disconnect()
      return expect.unreachable('it connected') as never
    },
    (thrown: unknown) => thrown as ConnectError,
  )
  const { code, phase, retryable, says, reasonCode, cause } = expected
  expect(error).toBeInstanceOf(ConnectError)
  expect(isMqttError(error)).toBe(true)
  expect(error).toMatchObject({ name: 'ConnectError', phase, retryable, reasonCode })
  if (typeof code === 'string') expect(error.code).toBe(code)
  else expect(error.code).toMatch(code)
  const { protocol, host } = new URL(url)
  // A function of the application's fails before there is a server in it.
  if (error.code !== 'CREDENTIALS_FAILED') expect(error.message, 'names the server').toContain(`${protocol}//${host}`)
  expect(error.message).toMatch(says)
  if (cause === null) expect(error.cause).toBeUndefined()
  else expect(error.cause).toMatchObject(cause)
  await nothingMoreThan(before)
  return error
}

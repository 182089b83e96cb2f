/** What the system and LevelDB say, and what it is called. */

import { expect, test } from 'vitest'
import { storeError } from '../../../platform/node/file-store/failures.js'

test.each([
  ['IO error: /a/000003.log: No space left on device', 'ENOSPC', true],
  ['IO error: /a/000003.log: Disk quota exceeded', 'EDQUOT', true],
  ['IO error: /a/000005.ldb: Too many open files', 'EMFILE', true],
  ['IO error: /a/LOCK: Permission denied', 'EACCES', false],
  ['IO error: /a/LOCK: Read-only file system', 'EROFS', false],
  ['IO error: /a/000003.log: Input/output error', 'EIO', false],
  ['IO error: lock /a/LOCK: No locks available', 'ENOLCK', false],
  ['IO error: something that nobody has seen yet', 'STORE_FAILED', false],
])('%s is %s', (said, code, retryable) => {
  const cause = Object.assign(new Error(said), { code: said.includes('lock ') ? 'LEVEL_LOCKED' : 'LEVEL_IO_ERROR' })
  const wrapped = Object.assign(new Error('Database failed to open', { cause }), { code: 'LEVEL_DATABASE_NOT_OPEN' })
  for (const thrown of [cause, wrapped]) {
    const error = storeError('open', '/a', thrown)
    expect(error).toMatchObject({ name: 'MqttError', code, phase: 'store', retryable, cause })
    expect(error.message).toMatch(/^Cannot open the store in \/a: .+ \([A-Z_]+\)$/)
  }
})

test("Node's own errors keep their code, and an error of ours is what it was", () => {
  const cause = Object.assign(new Error('EROFS: read-only file system, mkdir'), { code: 'EROFS' })
  const error = storeError('open', '/a', cause)
  expect(error).toMatchObject({ code: 'EROFS', cause })
  expect(storeError('write to', '/b', error)).toBe(error)
})

import { describe, expect, it } from 'vitest'
import { printable } from '../../cli/output.js'

describe('a line on stderr', () => {
  it.each([
    ['hello/wörld 🙂', 'hello/wörld 🙂'],
    ['\u001b[2J\u001b]0;owned\u0007', '\\x1b[2J\\x1b]0;owned\\x07'],
    ['a\r\nClient x sent CONNECT\t!', 'a\\r\\nClient x sent CONNECT\\t!'],
    ['\u009b31m\u007f\u0000', '\\x9b31m\\x7f\\x00'],
    ['\u202egnp.exe\u2066\u2028', '\\u202egnp.exe\\u2066\\u2028'],
  ])('%j reads %j: nobody drives the terminal', (text, line) => {
    expect(printable(text)).toBe(line)
  })
})

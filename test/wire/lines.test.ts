import { test } from 'tap'
import { fieldsOf, type Lines } from '../../lib/wire/lines.js'
import { hashOf, ID } from '../../lib/wire/names.js'
import { RequestReader } from '../../lib/wire/request-reader.js'

function withLines(text: string, look: (lines: Lines) => void): void {
  const bytes = Buffer.from(text, 'latin1')
  new RequestReader().consume(bytes, 0, bytes.length, {
    onRequestHead: head => look(head.lines),
    onRequestContent() {},
    onRequestEnd() {},
  })
}

const HEAD = 'GET / HTTP/1.0\r\nA:  b \r\nVia: x\r\nX-Y:\r\nVIA: y\r\n\r\n'

test('the text and the offsets of its lines', async t => {
  withLines(HEAD, lines => {
    t.equal(lines.text, HEAD)
    t.equal(lines.count, 4)
    t.equal(lines.text.slice(0, lines.fieldsAt), 'GET / HTTP/1.0\r\n')
    t.strictSame(
      [0, 1, 2, 3].map(i => HEAD.slice(lines.from(i), lines.to(i))),
      ['A:  b \r\n', 'Via: x\r\n', 'X-Y:\r\n', 'VIA: y\r\n'],
    )
    t.equal(HEAD.slice(lines.from(0), lines.nameEnd(0)), 'A')
    t.equal(HEAD.slice(lines.valueFrom(0), lines.valueTo(0)), 'b')
    t.strictSame(fieldsOf(lines), [
      { name: 'A', value: 'b' },
      { name: 'Via', value: 'x' },
      { name: 'X-Y', value: '' },
      { name: 'VIA', value: 'y' },
    ])
  })
})

test('R111: lines are found by the known name, one after the other', async t => {
  withLines(HEAD, lines => {
    t.equal(lines.id(1), ID.via)
    t.equal(lines.id(0), 0)
    t.equal(lines.find(ID.via), 1)
    t.equal(lines.find(ID.via, 1), 3)
    t.equal(lines.find(ID.via, 3), -1)
    t.equal(lines.find(ID.host), -1)
  })
})

test('R111: any name is compared without regard to case', async t => {
  withLines(HEAD, lines => {
    t.equal(lines.hash(2), hashOf('x-y'))
    t.equal(lines.isNamed(2, 'x-y', hashOf('x-y')), true)
    t.equal(lines.isNamed(2, 'x-z', hashOf('x-z')), false)
    t.equal(lines.isNamed(2, 'x-yy', lines.hash(2)), false, 'the hash is no proof: another length')
    t.equal(lines.isNamed(2, 'x-z', lines.hash(2)), false, 'the hash is no proof: other bytes')
  })
})

test('the table grows with the lines', async t => {
  const names = Array.from({ length: 190 }, (_, i) => `N${i}`)
  withLines(`GET / HTTP/1.0\r\n${names.map(name => `${name}: v\r\n`).join('')}\r\n`, lines => {
    t.strictSame(
      fieldsOf(lines).map(field => field.name),
      names,
    )
  })
})

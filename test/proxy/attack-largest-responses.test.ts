import { t as file, test } from 'tap'
import { head } from './conversation.js'
import { ask, FIELDS, FINE, linesOf, origin, proxies, SIZE, valuesOf } from './largest.js'

file.setTimeout(1_200_000) // a hundred million bytes: a slow machine may take its time, quadratic work would take days

test('responses: every field of a head, of an interim head and of trailers at its largest is answered', async t => {
  const { url, says } = await origin(t)
  const { reverse } = await proxies(t, url)
  const chunked = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Connection: close')
  for (const name of FIELDS) {
    for (const [what, value] of valuesOf(name).slice(0, 2)) {
      const line = `${name}: ${value}`
      for (const text of [
        `${head('HTTP/1.1 200 OK', line, 'Content-Length: 2')}ok`,
        `${head('HTTP/1.1 103 Early Hints', line)}${FINE}ok`,
        `${chunked}0\r\n${line}\r\n\r\n`,
      ]) {
        says(text)
        const answer = await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close'))
        if (!/^HTTP\/1\.1 [1-5]\d\d /.test(answer)) t.fail(`${name} of ${what}: ${JSON.stringify(answer)}`)
      }
    }
    says(`${head('HTTP/1.1 200 OK', ...linesOf(name))}`)
    t.match(await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close')), /^HTTP\/1\.1 [25]/, name)
  }
  // A length repeated thirty thousand times, always the same: the first is the longest.
  says(`${head('HTTP/1.1 200 OK', `Content-Length: ${'0'.repeat(SIZE / 2)}2${',2'.repeat(SIZE / 4 - 1)}`)}ok`)
  t.match(await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close')), /\r\nContent-Length: 2\r\n/)
})

import { t as file, test } from 'tap'
import { head } from './conversation.js'
import { ask, FINE, origin, proxies, repeated, SIZE, VALUES } from './largest.js'

file.setTimeout(1_200_000) // a hundred million bytes: a slow machine may take its time, quadratic work would take days

test('request lines, hosts and trailers at their largest are answered', async t => {
  const { url, says } = await origin(t)
  says(`${FINE}ok`)
  const { reverse, forward } = await proxies(t, url)
  const close = ['Host: a.example', 'Connection: close']
  for (const unit of ['/', '//', '/a', '/;', ';', '%2F', '%', '\\', '/.', '?', '&', '@', 'a']) {
    const target = `/${unit.repeat(SIZE / unit.length)}`
    for (const [port, before] of [
      [reverse, ''],
      [forward, url],
    ] as const) {
      const answer = await ask(port, head(`GET ${before}${target} HTTP/1.1`, ...close))
      if (!/^HTTP\/1\.1 [2-5]\d\d /.test(answer)) t.fail(`${unit}: ${JSON.stringify(answer)}`)
    }
  }
  for (const host of [repeated('a.'), `${repeated('a.')}example`, repeated('a'), `[${repeated(':')}]`, repeated('%41')])
    t.match(await ask(reverse, head('GET /api HTTP/1.1', `Host: ${host}`, 'Connection: close')), /^HTTP\/1\.1 [2-5]/)
  const chunked = head('POST / HTTP/1.1', ...close, 'Transfer-Encoding: chunked')
  for (const [what, value] of VALUES)
    for (const name of ['X-Sum', 'Via', 'Connection', 'X-Forwarded-For'])
      t.match(await ask(reverse, `${chunked}0\r\n${name}: ${value}\r\n\r\n`), /^HTTP\/1\.1 200 /, `${name} of ${what}`)
  t.match(await ask(reverse, `${chunked}1${repeated(' ')}\r\nx\r\n0;${repeated('a;')}a\r\n\r\n`), /^HTTP\/1\.1 200 /)
})

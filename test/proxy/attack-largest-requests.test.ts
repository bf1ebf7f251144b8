import { t as file, test } from 'tap'
import { head } from './conversation.js'
import { ask, FIELDS, FINE, linesOf, origin, proxies, VALUES, valuesOf } from './largest.js'

file.setTimeout(1_200_000) // a hundred million bytes: a slow machine may take its time, quadratic work would take days

test('requests: every field at its largest is answered', async t => {
  const { url, says } = await origin(t)
  says(`${FINE}ok`)
  const { reverse, forward } = await proxies(t, url)
  for (const name of FIELDS) {
    const host = name === 'Host' ? [] : ['Host: a']
    const more = name === 'Upgrade' || name === 'TE' ? [`Connection: close, ${name}`] : ['Connection: close']
    for (const lines of [...valuesOf(name).map(([, value]) => [`${name}: ${value}`]), linesOf(name)]) {
      const answer = await ask(reverse, head('GET / HTTP/1.1', ...host, ...more, ...lines))
      if (!/^HTTP\/1\.1 [2-5]\d\d /.test(answer))
        t.fail(`${name}: ${lines[0]?.slice(0, 40)}: ${JSON.stringify(answer)}`)
    }
    const proxied = await ask(forward, head(`GET ${url}/ HTTP/1.1`, ...host, ...more, `${name}: ${VALUES[1]![1]}`))
    if (!/^HTTP\/1\.1 [2-5]\d\d /.test(proxied)) t.fail(`${name} to a forward proxy: ${JSON.stringify(proxied)}`)
  }
  t.match(await ask(reverse, head('GET / HTTP/1.1', 'Host: a', 'Connection: close')), /^HTTP\/1\.1 200 /)
})

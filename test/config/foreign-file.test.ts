import * as fs from 'node:fs'
import { test } from 'tap'
import { foreignFile } from '../../lib/config/foreign-file.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { readText } from './reading.js'

const read = (path: string): string => fs.readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

const FILES: readonly (readonly [what: RegExp, name: string, text: string])[] = [
  [/a Caddyfile/, 'Caddyfile', 'app.example {\n\treverse_proxy 127.0.0.1:3000\n}\n'],
  [/a Caddyfile/, 'x.txt', 'app.example\n\nreverse_proxy 127.0.0.1:3000\n'],
  [/a Caddyfile/, 'Caddyfile', ':8080\n'],
  [/Caddy \(JSON\)/, 'caddy.json', '{"apps": {"http": {"servers": {}}}}'],
  [/nginx/, 'nginx.conf', 'worker_processes auto;\nevents {}\nhttp {\n  server {\n    listen 80;\n  }\n}\n'],
  [/nginx/, 'site', 'server {\n  listen 80;\n  location / {\n    proxy_pass http://127.0.0.1:3000;\n  }\n}\n'],
  [/nginx/, 'upstream', 'upstream app { server 127.0.0.1:3000; }\nserver { listen 80; }\n  keepalive 3;\n'],
  [
    /HAProxy/,
    'haproxy.cfg',
    'global\n    log stdout format raw local0\n\nfrontend web\n    bind :80\n    default_backend app\n',
  ],
  [/Traefik/, 'traefik.yml', 'entryPoints:\n  web:\n    address: ":80"\nproviders:\n  docker: {}\n'],
  [/Traefik/, 'dynamic.yaml', 'http:\n  routers:\n    app: { rule: "Host(`a`)", service: app }\n'],
  [/Traefik/, 'traefik.toml', '[entryPoints]\n  [entryPoints.web]\n    address = ":80"\n'],
  [
    /Apache/,
    'httpd.conf',
    '<VirtualHost *:80>\n  ServerName a\n  ProxyPass "/" "http://127.0.0.1:3000/"\n</VirtualHost>\n',
  ],
  [/Apache/, 'apache2.conf', 'ServerName a\n'],
  [/Squid/, 'squid.conf', 'http_port 3128\nhttp_access deny all\n'],
  [/Envoy/, 'envoy.yaml', 'static_resources:\n  listeners: []\n'],
  [/Kubernetes/, 'cm.yaml', 'apiVersion: v1\nkind: ConfigMap\ndata: {}\n'],
  [/Compose/, 'compose.yaml', 'services:\n  app: { image: app }\n'],
]

test('the configuration of another proxy is recognized, by its content or by its name', t => {
  for (const [what, name, text] of FILES) {
    const { configuration, findings } = readConfigurationText(text, name, { environment: {}, checkFiles: false })
    t.equal(configuration, undefined)
    t.equal(findings.length, 1, `${name}: one finding, not one for each line`)
    t.match(findings[0], { severity: 'error', line: 1, message: what, hint: /^docs\/coming-from\.md / }, name)
  }
  t.end()
})

test('our own or an unknown file is not taken for that of another program', t => {
  for (const file of ['hopwise.yaml', 'reverse.yaml', 'forward.yaml', 'everything.yaml', 'container/hopwise.yaml'])
    t.equal(foreignFile(file, read(`config/${file}`), { listeners: [] }), '', file)
  t.match(
    readText('listeners: [\n').findings[0]?.message,
    /^(?!it is a)/,
    'a mistake in our own file is reported as one',
  )
  t.match(readText('listeners: [\n  # server {\n').findings.length > 0, true)
  t.equal(foreignFile('hopwise.yaml', 'upstreams: {}\nlistener: []\n', { upstreams: {}, listener: [] }), '')
  t.equal(foreignFile('nginx.conf', 'listeners: []', { listeners: [] }), '', 'whatever its name')
  t.equal(foreignFile('hopwise.yaml', '', null), '')
  t.end()
})

test('a file of the largest size is checked in time', t => {
  for (const line of ['\n', ' ', 'location ', 'location\n', 'a ;', 'server\n', 'listen\n', '<', '[', 'http_'])
    t.equal(foreignFile('x', line.repeat(1_000_000 / line.length), null), '', JSON.stringify(line))
  t.end()
})

test('docs/coming-from.md: its file can be used', t => {
  const blocks = [...read('docs/coming-from.md').matchAll(/```yaml\n([\s\S]*?)```/g)]
  t.equal(blocks.length, 1)
  for (const [, text = ''] of blocks) t.same(readText(text).findings, [])
  t.end()
})

import * as path from 'node:path'

/** What a file is, if it is the configuration of another program; '' if it is not recognized as one. */
export function foreignFile(file: string, text: string, value: unknown): string {
  const byKeys = KEYED.find(([, has]) => has((...keys) => at(value, keys) !== undefined))
  if (byKeys) return byKeys[0]
  if (isMapping(value) && 'listeners' in value) return ''
  const byLines = WRITTEN.find(([, ...signs]) => signs.every(sign => sign.test(text)))
  if (byLines) return byLines[0]
  const name = path.basename(file)
  return NAMED.find(([, names]) => names.test(name))?.[0] ?? ''
}

type Has = (...keys: string[]) => boolean

/** Files that are also YAML or JSON, recognized by keys that hopwise does not have. */
const KEYED: readonly (readonly [what: string, is: (has: Has) => boolean])[] = [
  [
    'a configuration of Traefik',
    has =>
      has('entryPoints') ||
      has('certificatesResolvers') ||
      has('http', 'routers') ||
      has('http', 'services') ||
      has('tcp', 'routers'),
  ],
  ['a configuration of Caddy (JSON)', has => has('apps', 'http')],
  ['a configuration of Envoy', has => has('static_resources') || has('dynamic_resources')],
  ['a manifest of Kubernetes', has => has('apiVersion') && has('kind')],
  ['a file of Docker Compose', has => has('services') && !has('listeners') && !has('upstreams')],
]

/** Files in a language of their own: all signs of one must be present. */
const WRITTEN: readonly (readonly [what: string, ...signs: RegExp[]])[] = [
  ['a configuration of Traefik', /^[ \t]*\[+(entryPoints|providers|certificatesResolvers|http|tcp)\b/m],
  [
    'a configuration of Apache httpd',
    /^[ \t]*(<(VirtualHost|Location|Directory|Proxy|IfModule)\b|ProxyPass|LoadModule|ServerRoot|DocumentRoot)/im,
  ],
  [
    'a configuration of nginx',
    /^[ \t]*(events|http|server|location\b[^;{\n]*|upstream\s+\S+)[ \t]*\{|^[ \t]*proxy_pass\s/m,
    /^[ \t]*[a-z_]+\s[^\n]*;[ \t]*(#.*)?$/m,
  ],
  [
    'a configuration of HAProxy',
    /^(global|defaults|frontend|backend|listen)\b[^\n:{]*$/m,
    /^[ \t]+(bind|server|mode|default_backend|use_backend|timeout|balance|log|maxconn|option|acl)\s+\S/m,
  ],
  ['a Caddyfile', /^[ \t]*(reverse_proxy|file_server|php_fastcgi|respond|handle_path)\b/m],
  ['a configuration of Squid', /^[ \t]*http_(port|access)\s+\S/m],
]

/** Files recognized by name, if nothing in them tells. */
const NAMED: readonly (readonly [what: string, names: RegExp])[] = [
  ['a Caddyfile', /^Caddyfile\b|\.caddyfile$/i],
  ['a configuration of nginx', /^nginx\.conf$/i],
  ['a configuration of HAProxy', /^haproxy\.(cfg|conf)$/i],
  ['a configuration of Traefik', /^traefik\.(ya?ml|toml)$/i],
  ['a configuration of Apache httpd', /^(httpd|apache2?)\.conf$|^\.htaccess$/i],
  ['a configuration of Squid', /^squid\.conf$/i],
]

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function at(value: unknown, keys: readonly string[]): unknown {
  let found = value
  for (const key of keys) found = isMapping(found) && Object.hasOwn(found, key) ? found[key] : undefined
  return found
}

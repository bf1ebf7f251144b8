// The works that are measured. `plain`: also for a relay that knows no HTTP.

/** What a browser sends today, more or less: 20 fields with Host. */
const FIELDS = [
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: en-GB,en;q=0.9,ko;q=0.8',
  'Cache-Control: max-age=0',
  'Cookie: session=7f3c1b0d9e2a4c55a1; theme=dark; consent=necessary; visited=2024-06-11',
  'DNT: 1',
  'If-Modified-Since: Mon, 10 Jun 2024 08:00:00 GMT',
  'Origin: http://127.0.0.1',
  'Priority: u=0, i',
  'Referer: http://127.0.0.1/somewhere/else?with=query',
  'Sec-CH-UA: "Chromium";v="126", "Not/A)Brand";v="8"',
  'Sec-CH-UA-Mobile: ?0',
  'Sec-CH-UA-Platform: "Linux"',
  'Sec-Fetch-Dest: document',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Site: same-origin',
  'Upgrade-Insecure-Requests: 1',
  'X-Request-Id: 3f0c9f0e-5a53-4f1e-8c7d-0d6b3f6e2a11',
]

export const ROWS = [
  { name: 'small', title: 'GET, 12 octets back', path: '/small', connections: 64, fields: [], plain: true },
  { name: 'fields', title: 'the same with 20 fields', path: '/small', connections: 64, fields: FIELDS, plain: true },
  {
    name: 'new-connection',
    title: 'a new connection for each request',
    path: '/small',
    connections: 64,
    fields: ['Connection: close'],
  },
  { name: '64k', title: 'download of 64 KiB', path: '/64k', connections: 16, fields: [] },
  { name: '10m', title: 'download of 10 MiB', path: '/10m', connections: 16, fields: [] },
]

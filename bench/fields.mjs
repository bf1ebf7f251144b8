// Typical fields of a browser's request and of an application's response: 20 each, counting Host, Server, Date,
// Content-Type and Content-Length.

export const REQUEST_FIELDS = {
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  'Accept-Language': 'en-GB,en;q=0.9,ko;q=0.8',
  'Cache-Control': 'max-age=0',
  Cookie: 'session=7f3c1b0d9e2a4c55a1; theme=dark; consent=necessary; visited=2024-06-11',
  DNT: '1',
  'If-Modified-Since': 'Mon, 10 Jun 2024 08:00:00 GMT',
  Origin: 'http://127.0.0.1',
  Priority: 'u=0, i',
  Referer: 'http://127.0.0.1/somewhere/else?with=query',
  'Sec-CH-UA': '"Chromium";v="126", "Not/A)Brand";v="8"',
  'Sec-CH-UA-Mobile': '?0',
  'Sec-CH-UA-Platform': '"Linux"',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Site': 'same-origin',
  'Upgrade-Insecure-Requests': '1',
  'X-Request-Id': '3f0c9f0e-5a53-4f1e-8c7d-0d6b3f6e2a11',
}

/** Besides Server, Date, Content-Type and Content-Length, which every origin sends. */
export const RESPONSE_FIELDS = [
  ['Cache-Control', 'private, no-cache, max-age=0, must-revalidate'],
  ['Content-Language', 'en-GB'],
  ['Content-Security-Policy', "default-src 'self'; img-src 'self' data:; script-src 'self'; frame-ancestors 'none'"],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['ETag', 'W/"5f1c-190a8b3c5d0"'],
  ['Expires', 'Thu, 01 Jan 1970 00:00:00 GMT'],
  ['Last-Modified', 'Tue, 11 Jun 2024 09:30:00 GMT'],
  ['Permissions-Policy', 'camera=(), geolocation=(), microphone=()'],
  ['Referrer-Policy', 'strict-origin-when-cross-origin'],
  ['Server-Timing', 'db;dur=3.2, app;dur=11.7'],
  ['Set-Cookie', 'session=7f3c1b0d9e2a4c55a1; Path=/; HttpOnly; Secure; SameSite=Lax'],
  ['Set-Cookie', 'visited=2024-06-12; Path=/; Max-Age=31536000'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
  ['Vary', 'Accept-Encoding, Accept-Language, Cookie'],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Request-Id', '3f0c9f0e-5a53-4f1e-8c7d-0d6b3f6e2a11'],
]

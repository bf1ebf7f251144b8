import fc from 'fast-check'
import { test } from 'tap'
import { linesAbout } from '../../lib/policy/about-client.js'
import { FieldEdits } from '../../lib/policy/field-edits.js'
import { AboutClient } from '../../lib/policy/request-context.js'
import { GATEWAY, request } from './heads.js'

const EDITS = [
  new FieldEdits('request', { set: { 'X-Forwarded-Proto': 'https' } }),
  new FieldEdits('request', { remove: ['X-Forwarded-For', 'Forwarded'] }),
  new FieldEdits('request', { remove: ['X-A'] }),
]
const hosts = fc.constantFrom('a.example', 'b.example:81', '')
const requests = fc.array(
  fc.record({
    host: hosts,
    minor: fc.constantFrom(0, 1),
    trusted: fc.boolean(),
    said: fc.constantFrom('', '192.0.2.9'),
    // Another generation of settings adds other lines; another route edits others.
    generation: fc.constantFrom(1, 2, 3),
    edits: fc.constantFrom(null, ...EDITS),
  }),
  { minLength: 1, maxLength: 6 },
)

for (const [xForwarded, forwarded, viaRequest] of [
  [true, false, true],
  [true, true, true],
  [false, true, false],
  [false, false, false],
] as const) {
  test(`R143, R203, R204: kept lines equal those that would be made (${xForwarded}, ${forwarded}, ${viaRequest})`, async t => {
    const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
    fc.assert(
      fc.property(requests, list => {
        const about = new AboutClient()
        for (const { host, minor, trusted, said, generation, edits } of list) {
          const { head } = request(
            `GET / HTTP/1.${minor}`,
            `Host: ${host}`,
            ...(said === '' ? [] : [`X-Forwarded-For: ${said}`]),
          )
          const context = {
            ...GATEWAY,
            xForwarded: generation === 3 ? !xForwarded : xForwarded,
            forwarded,
            viaRequest,
            via: `edge-${generation}`,
            scheme: generation === 2 ? ('https' as const) : ('http' as const),
            trustedPeer: trusted,
            clientPort: 5000,
            generation,
            edits,
          }
          t.equal(linesAbout(head, { ...context, about }), linesAbout(head, { ...context, about: null }))
        }
      }),
      { seed, numRuns: 200 },
    )
    t.comment(`seed ${seed}`)
  })
}

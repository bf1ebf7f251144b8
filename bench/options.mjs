import { parseArgs } from 'node:util'

export const HELP = `npm run bench -- [options]
  --quick            one round of one second: about a minute
  --rounds N         rounds over all proxies (3)
  --seconds N        seconds of load for one row of one proxy (3)
  --only NAME        only this proxy, may be repeated (nginx, haproxy, empty-relay, hopwise, http-proxy)
  --row NAME         only this work, may be repeated (small, fields, new-connection, 64k, 10m)
  --json FILE        every single result, for programs
  --seconds-max N    ends the bench in any case (900)`

/** @throws TypeError that names an unknown option. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      row: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      'seconds-max': { type: 'string', default: '900' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  return {
    help: values.help,
    rounds: Number(values.rounds ?? (values.quick ? 1 : 3)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 3)),
    warmSeconds: 1,
    only: values.only,
    rows: values.row,
    json: values.json,
    secondsMax: Number(values['seconds-max']),
  }
}

// An experiment: two hopwise processes on one port, without its supervisor. Arguments: the program, then its arguments.
import cluster from 'node:cluster'
import { sayPort } from './serve.mjs'

const [exec, ...args] = process.argv.slice(2)
cluster.setupPrimary({ exec, args, silent: true })
let listening = 0
cluster.on('listening', (_worker, { port }) => {
  listening += 1
  if (listening === 2) sayPort(port)
})
cluster.on('exit', () => process.exit(1))
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM')
})
for (let i = 0; i < 2; i++) cluster.fork().process.stderr.pipe(process.stderr)

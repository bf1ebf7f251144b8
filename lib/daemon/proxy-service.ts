import type { ConnectionRecord } from '../proxy/events.js'
import { settingsOf } from '../proxy/options/options.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import { HopwiseProxy } from '../proxy/proxy.js'
import { accessWriter } from './logs/access-format.js'
import type { Log } from './logs/log.js'
import type { Service } from './run.js'

/** A proxy whose events go to the log. Without an access log exchanges cost nothing: the event has no listener. */
export function proxyService(options: ProxyOptions, log: Log): Service {
  const { logger, access } = log
  const line = accessWriter('json')
  const proxy = new HopwiseProxy(settingsOf(options, 'command-line'), options.name === undefined)
  proxy.on('warning', ({ message, code, cause }) =>
    logger.warn(cause === undefined ? { code } : { code, err: cause }, message),
  )
  if (access) proxy.on('exchange', record => access(line(record)))
  if (logger.isLevelEnabled('debug')) {
    const say = (message: string) => (record: ConnectionRecord) => logger.debug(record, message)
    proxy.on('client-open', say('client connection opened')).on('client-close', say('client connection closed'))
    proxy.on('upstream-open', say('upstream connection opened')).on('upstream-close', say('upstream connection closed'))
  }
  return proxy
}

/** Choices that the command line and the configuration file share. */
export const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
export const LOG_FORMATS = ['auto', 'json', 'text'] as const

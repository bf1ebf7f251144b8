/** Numbered from 1. */
export type NamespaceAsk = { readonly id: number } & Asked

/** What the process in the namespace can be asked. */
export type Asked =
  | { readonly kind: 'run'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'write'; readonly file: string; readonly value: string }
  | { readonly kind: 'pair' }

/** `client` and `server` come with a socket. The first reply has number 0: the process is ready. */
export type NamespaceReply =
  | { readonly kind: 'done' | 'client' | 'server'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly why: string }

import { rmSync } from 'node:fs'
import { isMainThread, parentPort } from 'node:worker_threads'

// What a run leaves behind when its thread is ended by force, and nothing in it can tidy up any more: its server does so instead.

/** Something outside of the thread that belongs to its run: a process by its id, or a folder. */
export type Owned = { readonly process: number } | { readonly folder: string }

/** What a thread tells: it has that now, or it is gone. */
export interface OwnedTold {
  readonly owned: Owned
  readonly gone: boolean
}

/** Told to whoever started this thread, if anybody did. @returns to be called when it is gone */
export function owns(owned: Owned): () => void {
  const tell = (gone: boolean) => {
    if (!isMainThread) parentPort?.postMessage({ owned, gone } satisfies OwnedTold)
  }
  tell(false)
  return () => tell(true)
}

/** What one thread has, as far as it has told. */
export class LeftBehind {
  private readonly owned = new Map<string, Owned>()

  note({ owned, gone }: OwnedTold): void {
    const key = JSON.stringify(owned)
    if (gone) this.owned.delete(key)
    else this.owned.set(key, owned)
  }

  /** Its thread is gone: processes are ended, then folders removed. */
  tidy(): void {
    for (const it of this.owned.values()) if ('process' in it) end(it.process)
    for (const it of this.owned.values()) if ('folder' in it) rmSync(it.folder, { recursive: true, force: true })
    this.owned.clear()
  }
}

function end(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

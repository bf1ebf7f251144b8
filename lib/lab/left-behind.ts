import { rmSync } from 'node:fs'
import { isMainThread, parentPort } from 'node:worker_threads'

// What a run leaves behind when its thread is terminated and can no longer clean up: the server does it instead.

/** Something outside of the thread that belongs to its run: a process (its id), or a folder. */
export type Owned = { readonly process: number } | { readonly folder: string }

/** A report of a thread: it now owns this, or it is gone. */
export interface OwnedTold {
  readonly owned: Owned
  readonly gone: boolean
}

/** Reports ownership to the parent of this thread, if there is one. @returns a function to call when it is gone */
export function owns(owned: Owned): () => void {
  const tell = (gone: boolean) => {
    if (!isMainThread) parentPort?.postMessage({ owned, gone } satisfies OwnedTold)
  }
  tell(false)
  return () => tell(true)
}

/** What one thread owns, as far as it has reported. */
export class LeftBehind {
  private readonly owned = new Map<string, Owned>()

  note({ owned, gone }: OwnedTold): void {
    const key = JSON.stringify(owned)
    if (gone) this.owned.delete(key)
    else this.owned.set(key, owned)
  }

  /** The thread is gone: ends the processes, then removes the folders. */
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
    // The process has already ended.
  }
}

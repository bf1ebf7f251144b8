import type { LabEvent, Party, Waits } from '../../../lib/lab/events.js'
import type { Language, Said } from '../../../lib/lab/said.js'

/** The pure modules of the page, which are plain JavaScript: the parts that the tests use, with types. */

export interface Hang {
  readonly cycle: readonly string[]
  readonly caught: readonly string[]
}

export interface SceneRecord {
  readonly id: string
  readonly title: Said
  readonly parties: readonly Party[]
  readonly at: number
  readonly events: readonly { readonly t: number; readonly event: LabEvent & { scene: string } }[]
}

export interface PageRecord {
  readonly scenes: readonly SceneRecord[]
  readonly moments: readonly Moment[]
  readonly verdict: { readonly outcome: string } | null
}

export interface Moment {
  readonly scene: string
  readonly at: number
  readonly first: number
  readonly gap?: { readonly from: number; readonly to: number }
}

export interface SceneState {
  readonly scene: string
  readonly connections: readonly { id: string; from: string; to: string; phase: string; by: string; how: string }[]
  readonly waits: readonly Waits[]
  readonly hang: Hang | null
  readonly figures: readonly { id: string; value: number }[]
  readonly bars: readonly unknown[]
}

export interface Row {
  readonly kind: string
  readonly t: number
  readonly index: number
  readonly members: readonly number[]
  readonly by: string
  readonly to: string
  readonly connection: string
  readonly size: number
  readonly n: number
  readonly starts: readonly string[]
  readonly tags: readonly { name: string; value: string; verdict: string; leaked: boolean }[]
}

export interface SceneLayout {
  readonly id: string
  readonly width: number
  readonly lanes: readonly { id: string; x: number }[]
  readonly rows: readonly {
    row: Row
    y: number
    top: number
    bottom: number
    lines: readonly { text: string; x: number; dy: number; mono: boolean }[]
    tags: readonly { text: string; x: number; dy: number; width: number; height: number }[]
  }[]
  readonly gaps: readonly { from: number; to: number; y1: number; y2: number; ticking: boolean; hang: Hang | null }[]
}

interface Modules {
  'player.js': {
    recordOf(events: readonly LabEvent[]): PageRecord
    stateAt(record: PageRecord, position: number, nowAt?: number): SceneState[]
  }
  'rows.js': { rowsOf(scene: SceneRecord): Row[] }
  'layout.js': {
    layoutsOf(
      scenes: readonly SceneRecord[],
      options: { width: number; size: number; language: Language; nowAt?: number },
    ): { height: number; scenes: SceneLayout[] }[]
    columnsFor(scenes: readonly SceneRecord[], width: number, size: number): number
  }
  'figure.js': {
    figureOf(events: readonly LabEvent[], options: { language: Language; width?: number; scene?: string }): string
  }
  'words.js': {
    WORDS: Record<Language, Record<string, string>>
    wordsOf(language: Language): (word: string, values?: Record<string, string | number>) => string
    languageOf(...wishes: (string | null | undefined)[]): Language
  }
  'recording.js': { parseRecording(text: string): LabEvent[]; textOf(events: readonly LabEvent[]): string }
  'transcript.js': {
    transcriptOf(record: PageRecord, language: Language): { title: string; lines: { time: string; text: string }[] }[]
  }
  'reasons.js': { REASONS_KO: Record<string, string> }
  'palette.js': { LIGHT: Record<string, string> }
  'waterfall.js': {
    waterfallOf(
      charts: readonly { title: string; bars: readonly unknown[] }[],
      options: { width: number; size: number; language: Language; untilMs: number },
    ): { height: number; shapes: unknown[] }
  }
}

export const PAGE = new URL('../../../lib/lab/page/', import.meta.url)

/** Loads one of them. */
export async function load<N extends keyof Modules>(name: N): Promise<Modules[N]> {
  return (await import(new URL(name, PAGE).href)) as Modules[N]
}

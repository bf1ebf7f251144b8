export interface Rule {
  level: string
  section: string
  binds: string
  rule: string
  hopwise: string
}

export interface Chapter {
  title: string
  from: string
  rules: Record<string, Rule>
}

export interface Reason {
  state: string
  why: string
}

export declare function reasonsIn(text: string): Map<number, Reason>

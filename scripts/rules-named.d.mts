export interface Naming {
  numbers: number[]
  words: string
  /** What is wrong with it, or nothing. */
  fault: string
}

export interface NamingTest extends Naming {
  /** Below `test/`, without `.test.ts`. */
  file: string
}

export declare function rulesNamed(text: string): number[]
export declare function namedIn(source: string): Naming[]

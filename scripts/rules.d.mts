export declare function rulesNamed(text: string): number[]

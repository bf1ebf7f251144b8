/** The files that a test file covers, from the root of the project; null: none. */
declare function covered(testFile: string): string[] | null
// biome-ignore lint/style/noDefaultExport: tap asks for it
export default covered

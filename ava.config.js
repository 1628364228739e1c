/** The files that take longest, first: none of them is to run alone at the end. */
const LONGEST = ['rotation', 'kill', 'trouble', 'doctor', 'configure', 'chained', 'acceptance', 'archive', 'several']

function rank(file) {
  const place = LONGEST.findIndex((name) => file.endsWith(`/end-to-end/${name}.test.ts`))
  return place === -1 ? LONGEST.length : place
}

export default {
  extensions: { ts: 'module' },
  files: ['test/**/*.test.ts'],
  nodeArguments: ['--import=./scripts/typescript/register.js'],
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other),
  // Only for what hangs: no result of any test in so long a time.
  timeout: '10m',
  environmentVariables: { NODE_NO_WARNINGS: '1' },
}

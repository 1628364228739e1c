import { availableParallelism } from 'node:os'

/** Where it takes longest, or only waits: first, so that none of them runs alone at the end. */
const LONGEST =
  'callers rotation kill takeover.slow trouble doctor configure chained acceptance archive several heal disk setup clock'

function rank(file) {
  const place = LONGEST.split(' ').findIndex((name) => file.endsWith(`/${name}.test.ts`))
  return place === -1 ? 99 : place
}

export default {
  extensions: { ts: 'module' },
  // The tests start thousands of programs, and to fork one large process with a thread for each file takes the system twice as long.
  workerThreads: false,
  files: ['test/**/*.test.ts', '!test/windows/**', '!test/front/**'],
  nodeArguments: ['--import=./scripts/typescript/register.js'],
  sortTestFiles: (one, other) => rank(one) - rank(other) || one.localeCompare(other),
  // Some files wait for much of their time.
  concurrency: availableParallelism() + 1,
  // Only for what hangs: no result of any test in so long a time.
  timeout: '10m',
  environmentVariables: { NODE_NO_WARNINGS: '1' },
}

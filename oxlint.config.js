/**
 * The house: each folder of src/, and what it may import beside itself. The rows stand in the order of the floors, and a
 * row names none above it. docs/architecture.md says what each is for.
 */
export const HOUSE = {
  'bin.ts': ['helper', 'cli', 'base'],
  front: ['helper', 'base'],
  helper: ['login', 'git', 'tokens', 'base'],
  cli: ['login', 'git', 'oauth', 'bitbucket', 'tokens', 'http', 'base'],
  login: ['git', 'oauth', 'tokens', 'http', 'base'],
  git: ['http', 'base'],
  oauth: ['http', 'base'],
  bitbucket: ['http', 'base'],
  tokens: ['base'],
  http: ['base'],
  base: [],
}

/** The one file that imports each package. */
export const HOMES = {
  '@inquirer/input': 'base/prompts.ts',
  '@inquirer/password': 'base/prompts.ts',
  '@napi-rs/keyring': 'tokens/keyring/keyringProcess.ts',
  'agent-base': 'http/agent.ts',
  'env-paths': 'base/places.ts',
  'node-fetch': 'http/http.ts',
  oauth4webapi: 'oauth/grants.ts',
  open: 'base/browser.ts',
  'proper-lockfile': 'tokens/lock/lock.ts',
  socks: 'http/socks.ts',
  'supports-hyperlinks': 'base/hyperlink.ts',
  tar: 'cli/download/extract.ts',
  uqr: 'base/qrCode.ts',
  yargs: 'cli/cli.ts',
}

/** @param room its name, or that of a file below it */
function rule(room, ...restricted) {
  const upward = Object.keys(HOUSE).filter((other) => other !== room && !HOUSE[room].includes(other))
  const patterns = [
    {
      regex: `^\\.{1,2}/(.*/)?(${upward.join('|').replaceAll('.', '\\.')})(/|$)`,
      message: 'See the table of folders.',
    },
    ...restricted,
  ]
  return { 'no-restricted-imports': ['error', { patterns }] }
}

/** All packages; the engine of these expressions has no look-ahead. */
const PACKAGE = '^([^.n]|n[^o]|no[^d]|nod[^e]|node[^:])'

function packages(names) {
  const regex = names.length === 0 ? PACKAGE : `^(${names.join('|')})(/|$)`
  return { regex, message: 'Each package has one home: see the list of homes.' }
}

export default {
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  options: { typeAware: true },
  rules: {
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'typescript/no-non-null-assertion': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'no-console': 'error',
    eqeqeq: 'error',
    // One after the other is often the point: the servers of one listener, the steps of a login.
    'no-await-in-loop': 'off',
    // `fc.assert` is how fast-check is written everywhere.
    'import/no-named-as-default-member': 'off',
  },
  overrides: [
    ...Object.keys(HOUSE).map((room) => ({
      files: [room.endsWith('.ts') ? `src/${room}` : `src/${room}/**`],
      rules: rule(room, packages([])),
    })),
    ...[...new Set(Object.values(HOMES))].map((file) => ({
      files: [`src/${file}`],
      rules: rule(file.split('/')[0], packages(Object.keys(HOMES).filter((name) => HOMES[name] !== file))),
    })),
    { files: ['*.config.js'], rules: { 'import/no-default-export': 'off' } },
    { files: ['scripts/**'], rules: { 'no-console': 'off' } },
    { files: ['scripts/**', 'test/**'], rules: { 'typescript/no-unsafe-type-assertion': 'off' } },
  ],
}

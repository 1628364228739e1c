import { readdirSync } from 'node:fs'

/**
 * The floors of the house, held by the linter (docs/how-it-works.md draws them):
 * bin → helper → (lazily) obtain, forget → (lazily) login; below them the subjects git/, oauth/ and tokens/, none of
 * which imports another; below those the ground. Each package is imported in exactly one file.
 */
const GROUND = new Set([
  'arguments',
  'browser',
  'callers',
  'completion',
  'duration',
  'extract',
  'failure',
  'http',
  'json',
  'keyringProcess',
  'loopback',
  'manual',
  'output',
  'paths',
  'programs',
  'progress',
  'prompts',
  'report',
  'shell',
  'signals',
  'stall',
  'surroundings',
  'systemError',
  'terminal',
  'trace',
  'unreachable',
  'wholeFile',
])
const SUBJECTS = ['git', 'oauth', 'tokens', 'bitbucket']
/** The story by floors, from the top. */
const STORY = [
  ['bin'],
  ['cli', 'helper'],
  ['obtain', 'forget', 'takeBack'],
  ['renew'],
  ['save'],
  ['login', 'pause'],
  ['errand', 'network'],
  ['places', 'loginCommand', 'undo'],
  ['credential'],
]

const FILES = readdirSync('src', { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name.replaceAll('\\', '/')}`)

const HOMES = {
  'src/browser.ts': ['open'],
  'src/cli.ts': ['yargs'],
  'src/extract.ts': ['tar'],
  'src/keyringProcess.ts': ['@napi-rs/keyring'],
  'src/http.ts': ['node-fetch', 'https-proxy-agent'],
  'src/oauth/grants.ts': ['oauth4webapi'],
  'src/paths.ts': ['env-paths'],
  'src/prompts.ts': ['@inquirer/prompts'],
  'src/tokens/lock.ts': ['proper-lockfile'],
}
const PACKAGES = Object.values(HOMES).flat()

/** What a cached answer needs, and what is imported only when it is needed. */
const CACHED_PATH = new Set([
  'src/bin.ts',
  'src/credential.ts',
  'src/failure.ts',
  'src/git/attributes.ts',
  'src/helper.ts',
  'src/json.ts',
  'src/paths.ts',
  'src/report.ts',
  'src/shell.ts',
  'src/systemError.ts',
  'src/surroundings.ts',
  'src/tokens/cache.ts',
  'src/tokens/privateFile.ts',
  'src/tokens/record.ts',
  'src/tokens/recordFile.ts',
  'src/tokens/token.ts',
  'src/trace.ts',
])
const LAZY = new Set(['src/cli.ts', 'src/forget.ts', 'src/obtain.ts', 'src/takeBack.ts'])

/** All that is refused to a file of src/. */
function refusals(file) {
  const floor = STORY.findIndex((names) => names.includes(nameOf(file)) && file.split('/').length === 2)
  const subject = SUBJECTS.find((name) => file.startsWith(`src/${name}/`))
  return [
    floor > 0 && above('./', STORY.slice(0, floor + 1).flat()),
    subject !== undefined && above('../', STORY.flat()),
    subject !== undefined && {
      regex: `^\\.\\./(${SUBJECTS.filter((name) => name !== subject).join('|')})/`,
      message: 'No subject imports another: the story joins them.',
    },
    GROUND.has(nameOf(file)) && above('./', STORY.flat()),
    file !== 'src/cli.ts' && { regex: '/commands/', message: 'Commands are imported where they are chosen.' },
    !/^src\/(commands|checks)\//.test(file) && { regex: '/checks/', message: 'Only commands look at what is wrong.' },
    GROUND.has(nameOf(file)) && {
      regex: `^\\./(${SUBJECTS.join('|')})/`,
      message: 'The ground imports none of ours but the ground.',
    },
    CACHED_PATH.has(file) && {
      // All but node:fs and node:path; the engine has no look-ahead.
      regex: '^node:([^fp]|f[^s]|fs.|p[^a]|pa[^t]|pat[^h]|path.)',
      message: 'The cached path loads nothing of Node but fs and path.',
    },
    CACHED_PATH.has(file) && {
      regex: `/(${FILES.filter(
        (other) => !CACHED_PATH.has(other) && !LAZY.has(other) && !other.startsWith('src/commands/'),
      )
        .map((other) => nameOf(other))
        .join('|')})\\.ts$`,
      message: 'The cached path loads nothing but itself: import() what the slow path needs.',
    },
    {
      // Any name of a package; in a package's home, those of all others that have one.
      regex:
        file in HOMES
          ? `^(${PACKAGES.filter((name) => !HOMES[file].includes(name)).join('|')})$`
          : '^([^.n]|n[^o]|no[^d]|nod[^e]|node[^:])',
      message: 'Each package has one home file.',
    },
  ].filter((refusal) => refusal !== false)
}

function above(prefix, names) {
  return {
    regex: `^${prefix.replaceAll('.', '\\.')}(${names.join('|')})\\.ts$`,
    message: 'Imports go down the floors, never up.',
  }
}

function nameOf(file) {
  return file.split('/').at(-1).replace(/\.ts$/, '')
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
    ...FILES.map((file) => ({
      files: [file],
      rules: { 'no-restricted-imports': ['error', { patterns: refusals(file) }] },
    })),
    { files: ['*.config.js'], rules: { 'import/no-default-export': 'off' } },
    { files: ['scripts/**'], rules: { 'no-console': 'off' } },
    { files: ['scripts/**', 'test/**'], rules: { 'typescript/no-unsafe-type-assertion': 'off' } },
  ],
}

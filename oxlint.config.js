/**
 * The floors of the house, held by the linter (docs/how-it-works.md draws them):
 * bin → helper → (lazily) obtain, forget → (lazily) login; below them the subjects git/, oauth/ and tokens/, none of
 * which imports another; below those the ground. Each package is imported in exactly one file.
 */
const GROUND = [
  'browser',
  'failure',
  'http',
  'json',
  'loopback',
  'paths',
  'programs',
  'report',
  'signals',
  'surroundings',
]
const SUBJECTS = ['git', 'oauth', 'tokens', 'bitbucket']
const STORY = ['bin', 'cli', 'forget', 'helper', 'login', 'network', 'obtain']

const HOMES = {
  'src/browser.ts': ['open'],
  'src/cli.ts': ['yargs'],
  'src/http.ts': ['node-fetch', 'https-proxy-agent'],
  'src/oauth/grants.ts': ['oauth4webapi'],
  'src/paths.ts': ['env-paths'],
  'src/tokens/lock.ts': ['proper-lockfile'],
}
/** Parts of Node that cost a start some of its time; `fs` and `path` cost nothing. */
const COSTLY = [
  'child_process',
  'crypto',
  'events',
  'http',
  'net',
  'os',
  'process',
  'readline',
  'stream',
  'timers',
  'tls',
  'tty',
  'util',
]
const PACKAGES = Object.values(HOMES).flat()

/** The rule for some files: all that is refused to them. */
function refuse(files, patterns) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } }
}

const escaped = (names) => names.join('|').replaceAll('.', '\\.')
const strangers = (file) => ({
  regex: `^(${escaped(PACKAGES.filter((name) => !(HOMES[file] ?? []).includes(name)))})$`,
  message: 'Each package has one home file.',
})
const files = (prefix, names) => ({
  regex: `^${escaped([prefix])}(${escaped(names)})\\.ts$`,
  message: 'Imports go down the floors, never up.',
})

const subjectRules = (name) => [
  {
    regex: `^\\.\\./(${escaped(SUBJECTS.filter((other) => other !== name))})/`,
    message: 'No subject imports another: the story joins them.',
  },
  files('../', STORY),
]
const groundRules = [
  { regex: `^\\./(${escaped(SUBJECTS)})/`, message: 'The ground imports none of ours but the ground.' },
  files('./', STORY),
]
/** What the cached path may load: the subjects' files that need no process, no lock and no library, and fs. */
const cachedPathRules = [
  strangers(),
  {
    regex: `^node:(${COSTLY.join('|')})`,
    message: 'The cached path loads nothing but fs.',
  },
  {
    regex: '/(oauth/.*|git/config|tokens/(failedLogin|lock|vault)|login|network|browser|http|programs)\\.ts$',
    message: 'The cached path loads nothing but fs: import() what the slow path needs.',
  },
]

function rulesFor(file) {
  const subject = SUBJECTS.find((name) => file.startsWith(`src/${name}/`))
  if (subject !== undefined) return subjectRules(subject)
  return GROUND.some((name) => file === `src/${name}.ts`) ? groundRules : []
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
    ...SUBJECTS.map((name) => refuse([`src/${name}/**`], [strangers(), ...subjectRules(name)])),
    refuse(
      GROUND.map((name) => `src/${name}.ts`),
      [strangers(), ...groundRules],
    ),
    refuse(
      STORY.map((name) => `src/${name}.ts`),
      [strangers(), files('./', ['bin'])],
    ),
    ...Object.keys(HOMES).map((file) => refuse([file], [strangers(file), ...rulesFor(file)])),
    refuse(['src/bin.ts', 'src/helper.ts'], cachedPathRules),
    refuse(['src/git/attributes.ts'], [...cachedPathRules, ...subjectRules('git')]),
    refuse(
      ['token', 'cache', 'record', 'privateFile'].map((name) => `src/tokens/${name}.ts`),
      [...cachedPathRules, ...subjectRules('tokens')],
    ),
    refuse(['src/failure.ts', 'src/json.ts', 'src/report.ts'], [...cachedPathRules, ...groundRules]),
    { files: ['*.config.js'], rules: { 'import/no-default-export': 'off' } },
    { files: ['scripts/**'], rules: { 'no-console': 'off' } },
    { files: ['scripts/**', 'test/**'], rules: { 'typescript/no-unsafe-type-assertion': 'off' } },
  ],
}

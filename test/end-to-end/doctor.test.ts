import test, { type ExecutionContext } from 'ava'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Finding } from '../../src/cli/checks/finding.ts'
import type { Home } from '../helpers/home.ts'
import { KeyringDaemon } from '../helpers/keyring.ts'
import { plantLogin } from '../helpers/plantLogin.ts'
import { freePort } from '../helpers/ports.ts'
import { snapshot } from '../helpers/snapshot.ts'
import { makeUser, requestFor } from '../helpers/user.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

const PROGRAM = 'git-credential-bitbucket-oauth'
const BITBUCKET = 'https://bitbucket.org'
const HELPER = `credential.${BITBUCKET}`

/** In the password of a proxy. */
const PASSWORD = 'hunter2hunter2hunter2'

/** What a test changes, and has to change back. */
type User = {
  readonly t: ExecutionContext
  readonly home: Home
  readonly sandbox: Sandbox
  readonly daemon: KeyringDaemon | undefined
  /** A program on the callback port. */
  squatter?: Server
  /** What doctor is asked for, below the sandbox's origin. */
  repository: string | undefined
  /** By the last command of a cure: the next step may be about it. */
  printed: string
}

type Fault = {
  readonly title: string
  readonly options?: { readonly tls?: boolean; readonly hasKeyring?: boolean; readonly repository?: string }
  readonly plant: (user: User) => unknown
  /** Nothing else is found that the healthy user did not have. */
  readonly finds: readonly (readonly [check: string, level: 'fault' | 'note', text: RegExp])[]
  /** 1 where something is a fault. */
  readonly exitCode?: 0 | 3 | 4
  /** Of the first finding's steps, where some of them are for somebody else: the first, and the one after the last. */
  readonly steps?: readonly [number, number?]
  /** What a step in words says, and what somebody does who reads it; in their order. */
  readonly words?: readonly (readonly [text: RegExp, act: (user: User) => unknown])[]
  /** What is typed for a word that stands for something of one's own. */
  readonly filledIn?: (user: User) => readonly [string | RegExp, string]
}

/** Where the key and secret are; the next step says what to do with them. */
const COPY_BOTH: NonNullable<Fault['words']>[number] = [
  /^copy both once more from https:\/\/bitbucket\.org\/WORKSPACE\/.*: a click on the consumer's name shows them$/,
  () => {},
]

const FAULTS: readonly Fault[] = [
  {
    title: 'git is not on PATH',
    plant: ({ home }) => {
      mkdirSync(join(home.path, 'node'))
      symlinkSync(process.execPath, join(home.path, 'node/node'))
      home.env['PATH'] = join(home.path, 'node')
    },
    finds: [['git', 'fault', /^was not found on PATH$/]],
    words: [
      [
        /^install git, or correct PATH$/,
        ({ home }) => (home.env['PATH'] = `${join(home.path, 'bin')}:${process.env['PATH']}`),
      ],
    ],
  },
  ...(
    [
      ['.', /^"\." comes before node, git, git-credential-bitbucket-oauth, and it means a directory of the repo/],
      ['', /^"" comes before node, git, git-credential-bitbucket-oauth, and it means a directory of the repository/],
      ['node_modules/.bin', /^"node_modules\/\.bin" comes before node, git, .* there would be run$/],
    ] as const
  ).map(([entry, text]): Fault => ({
    title: `PATH begins with "${entry}"`,
    plant: ({ home }) => (home.env['PATH'] = `${entry}:${home.env['PATH']}`),
    finds: [['PATH', 'fault', text]],
    words: [
      [
        new RegExp(`^take "${entry}" out of PATH, where your shell sets it$`),
        ({ home }) => (home.env['PATH'] = home.env['PATH']?.slice(`${entry}:`.length) ?? ''),
      ],
    ],
  })),
  {
    title: 'PATH has a directory that everybody can write to, behind this program and before the others',
    plant: ({ home }) => {
      const shared = join(home.path, 'shared')
      mkdirSync(shared)
      chmodSync(shared, 0o1777)
      home.env['PATH'] = `${join(home.path, 'bin')}:${shared}:${process.env['PATH']}`
    },
    finds: [
      ['PATH', 'fault', /^".*\/shared" comes before node, git, and every user of this machine can write to it: a/],
    ],
    words: [
      [
        /^take ".*\/shared" out of PATH/,
        ({ home }) => (home.env['PATH'] = `${join(home.path, 'bin')}:${process.env['PATH']}`),
      ],
    ],
  },
  {
    title: "git's configuration cannot be read",
    plant: ({ home }) => appendFileSync(join(home.path, '.gitconfig'), '[credential\n'),
    finds: [['git', 'fault', /^git's configuration cannot be read: bad config line \d+ in file \/.*\/\.gitconfig$/]],
    words: [
      [
        /^correct the file that git names$/,
        ({ home }) => {
          const file = join(home.path, '.gitconfig')
          writeFileSync(file, readFileSync(file, 'utf8').replace(/\[credential\n$/, ''))
        },
      ],
    ],
  },
  {
    title: 'git does not find this program',
    plant: ({ home }) => {
      home.env['PATH'] = process.env['PATH'] ?? ''
      // Npm's own global directory, which is the one that the cure asks for.
      Object.assign(home.env, { npm_config_prefix: home.path, npm_config_update_notifier: 'false' })
    },
    finds: [['program', 'fault', /^git finds no git-credential-bitbucket-oauth$/]],
    words: [
      [
        /^if it is not there either, install it once more/,
        ({ home, printed }) => (home.env['PATH'] += `:${printed.trim()}/bin`),
      ],
    ],
  },
  {
    title: 'no helper is configured',
    plant: ({ home }) => git(home, '--unset-all', 'credential.helper'),
    finds: [['helpers', 'fault', /^git is not told to ask this program for https:\/\/bitbucket\.org$/]],
  },
  {
    title: 'another helper is asked first',
    plant: ({ home }) => {
      const file = join(home.path, '.gitconfig')
      writeFileSync(file, `[credential]\n\thelper = store\n${readFileSync(file, 'utf8')}`)
    },
    finds: [['helpers', 'fault', /^git asks "store" before this program, so it may get/]],
  },
  {
    title: 'another helper is asked afterwards',
    plant: ({ home }) => git(home, '--add', 'credential.helper', 'store'),
    finds: [['helpers', 'note', /^git gives the tokens to "store" too, and asks there if this program has no answer$/]],
    exitCode: 0,
  },
  {
    title: 'the key is missing',
    plant: ({ home }) => git(home, '--unset', `${HELPER}.oauthClientId`),
    finds: [['consumer', 'fault', /^no OAuth consumer is configured for https:\/\/bitbucket\.org/]],
    exitCode: 3,
  },
  {
    title: 'the secret is missing',
    plant: ({ home }) => git(home, '--unset', `${HELPER}.oauthClientSecret`),
    finds: [['consumer', 'fault', /^the OAuth consumer has no secret configured/]],
    exitCode: 3,
  },
  {
    title: 'the secret is wrong',
    plant: ({ home }) => git(home, `${HELPER}.oauthClientSecret`, 'wrong'),
    finds: [['server', 'fault', /^127\.0\.0\.1:\d+ refuses the consumer's key and secret$/]],
    words: [COPY_BOTH],
  },
  {
    title: 'the secret in the environment is wrong',
    plant: ({ home }) => (home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = 'wrong'),
    finds: [['server', 'fault', /^127\.0\.0\.1:\d+ refuses the consumer's key and secret$/]],
    words: [
      COPY_BOTH,
      [
        /^then set GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID and GIT_.*_CLIENT_SECRET to them$/,
        ({ home, sandbox }) => {
          home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID'] = sandbox.oauth.consumer.key
          home.env['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'] = sandbox.oauth.consumer.secret
        },
      ],
    ],
  },
  {
    title: 'the consumer has no callback URL',
    plant: ({ sandbox }) => (sandbox.oauth.settings.callback = 'empty'),
    finds: [['server', 'fault', /^the consumer has no callback URL$/]],
    words: [
      [
        /^edit the consumer on .*: set the callback URL to http:\/\/localhost:\d+, and save$/,
        ({ sandbox }) => (sandbox.oauth.settings.callback = 'set'),
      ],
    ],
  },
  {
    title: 'the consumer has another callback URL',
    plant: async ({ home }) => git(home, `${HELPER}.oauthRedirectURL`, `http://localhost:${await freePort()}`),
    finds: [['callback', 'fault', /^the consumer's callback URL is not http:\/\/localhost:\d+$/]],
    words: [
      [/^edit the consumer on .*: set the callback URL to http:\/\/localhost:\d+, and save$/, () => {}],
      [
        /^or set oauthRedirectURL to the callback URL that stands there$/,
        ({ home, sandbox }) => git(home, `${HELPER}.oauthRedirectURL`, sandbox.oauth.consumer.callback),
      ],
    ],
  },
  {
    title: 'the callback port is taken',
    plant: async (user) => {
      user.squatter = createServer().listen(Number(new URL(user.sandbox.oauth.consumer.callback).port), '127.0.0.1')
      await once(user.squatter, 'listening')
      user.t.teardown(() => user.squatter?.close())
    },
    finds: [['callback', 'fault', /^port \d+ on this machine is in use/]],
    steps: [0, 1],
    words: [[/end the program that listens there$/, ({ squatter }) => squatter?.close()]],
  },
  {
    title: 'the keyring is locked, and is unlocked',
    options: { hasKeyring: true },
    plant: ({ daemon }) => daemon?.lock(),
    finds: [['keyring', 'fault', /^the system's keyring cannot be used \(/]],
    steps: [0, 1],
    words: [
      [
        /^unlock the keyring, or start it, and run the command again$/,
        async ({ daemon }) => {
          await daemon?.kill()
          await daemon?.startDaemon()
        },
      ],
    ],
  },
  {
    title: 'the keyring is locked, and is done without',
    options: { hasKeyring: true },
    plant: ({ daemon }) => daemon?.lock(),
    finds: [['keyring', 'fault', /^the system's keyring cannot be used \(/]],
    steps: [1],
  },
  {
    title: 'others can read the login',
    plant: ({ home }) => chmodSync(home.recordPath(home.data, BITBUCKET), 0o644),
    finds: [['files', 'fault', /bitbucket\.org\.json can be read or changed by other users$/]],
    words: [[/^if another person may have read it, withdraw the access on https:/, () => {}]],
  },
  {
    title: 'others can read the access token',
    plant: ({ home }) => chmodSync(home.recordPath(home.runtime, BITBUCKET), 0o644),
    finds: [['files', 'fault', /runtime\/.*bitbucket\.org\.json can be read or changed by other users$/]],
    words: [[/^if another person may have read it, withdraw the access on https:/, () => {}]],
  },
  {
    title: 'the login is not whole',
    plant: ({ home }) => writeFileSync(home.recordPath(home.data, BITBUCKET), '{"version":1,', { mode: 0o600 }),
    finds: [['files', 'fault', /logins\/.*bitbucket\.org\.json is damaged$/]],
  },
  {
    title: 'the access token is not whole',
    plant: ({ home }) => writeFileSync(home.recordPath(home.runtime, BITBUCKET), '', { mode: 0o600 }),
    finds: [['files', 'fault', /runtime\/.*bitbucket\.org\.json is damaged$/]],
  },
  {
    title: 'the login was written by a newer version',
    plant: ({ home }) => rewriteLogin(home, { version: 99 }),
    finds: [['files', 'fault', /logins\/.*bitbucket\.org\.json was written by a newer version$/]],
    words: [[/^update this program$/, ({ home }) => rewriteLogin(home, { version: 1 })]],
  },
  {
    title: 'others can write into the runtime directory',
    plant: ({ home }) => chmodSync(home.runtime, 0o777),
    finds: [['files', 'fault', /runtime\/git-credential-bitbucket-oauth can be changed by other users/]],
  },
  {
    title: "others can read the consumer's secret",
    plant: ({ home }) => writeFileSync(consumersPath(home), '{}', { mode: 0o644 }),
    finds: [['files', 'fault', /bitbucket\.org\.json\.consumers can be read or changed by other users$/]],
    words: [[/^if another person may have read it/, ({ home }) => rmSync(consumersPath(home))]],
    steps: [0, 1],
  },
  {
    title: "the file with the consumer's secret is not whole",
    plant: ({ home }) => writeFileSync(consumersPath(home), '{"version":1,', { mode: 0o600 }),
    finds: [['files', 'fault', /bitbucket\.org\.json\.consumers is damaged$/]],
  },
  {
    title: 'the place for logins is a file',
    plant: ({ home }) => {
      home.env['XDG_DATA_HOME'] = join(home.path, 'a-file')
      writeFileSync(home.env['XDG_DATA_HOME'], '')
    },
    finds: [['files', 'fault', /^\/.*\/logins cannot be used: a file stands where a directory should be$/]],
    words: [[/^correct that, or set XDG_DATA_HOME to another place$/, ({ home }) => delete home.env['XDG_DATA_HOME']]],
  },
  {
    title: "this machine's clock goes behind",
    plant: ({ sandbox }) => (sandbox.oauth.settings.ahead = 3600),
    finds: [['clock', 'fault', /^goes \d+ minutes behind that of 127\.0\.0\.1:\d+$/]],
    steps: [0, 1],
    words: [[/^set this machine's clock right/, ({ sandbox }) => (sandbox.oauth.settings.ahead = 0)]],
  },
  {
    title: "this machine's clock goes ahead",
    plant: ({ sandbox }) => (sandbox.oauth.settings.ahead = -300),
    finds: [['clock', 'fault', /^goes \d minutes ahead of that of 127\.0\.0\.1:\d+$/]],
    steps: [0, 1],
    words: [[/^set this machine's clock right/, ({ sandbox }) => (sandbox.oauth.settings.ahead = 0)]],
  },
  {
    title: 'there is no such proxy',
    options: { tls: true },
    plant: async ({ home }) => git(home, 'http.proxy', `http://user:${PASSWORD}@127.0.0.1:${await freePort()}`),
    finds: [
      [
        'server',
        'fault',
        /^localhost:\d+, through the proxy 127\.0\.0\.1:\d+, cannot be reached \(the connection was ref/,
      ],
      ['token', 'fault', /^localhost:\d+, through the proxy 127\.0\.0\.1:\d+, cannot be reached/],
    ],
    words: [
      [
        /^see whether that is the right proxy: it is set by http\.proxy in git config, HTTPS_PROXY or ALL_PROXY$/,
        ({ home }) => git(home, '--unset', 'http.proxy'),
      ],
    ],
  },
  {
    title: 'there is no such proxy as the environment names',
    options: { tls: true },
    plant: async ({ home }) => (home.env['HTTPS_PROXY'] = `http://user:${PASSWORD}@127.0.0.1:${await freePort()}`),
    finds: [
      ['server', 'fault', /, through the proxy 127\.0\.0\.1:\d+, cannot be reached/],
      ['token', 'fault', /, through the proxy 127\.0\.0\.1:\d+, cannot be reached/],
    ],
    words: [[/HTTPS_PROXY or ALL_PROXY$/, ({ home }) => delete home.env['HTTPS_PROXY']]],
  },
  {
    title: 'the proxy is of a kind that is not supported',
    options: { tls: true },
    plant: ({ home }) => git(home, 'http.proxy', `ftp://user:${PASSWORD}@127.0.0.1:1080`),
    finds: [['network', 'fault', /^the proxy that is configured is no URL of http,/]],
    words: [[/^or look at HTTPS_PROXY and ALL_PROXY$/, ({ home }) => git(home, '--unset', 'http.proxy')]],
  },
  {
    title: "the server's certificate is not trusted",
    options: { tls: true },
    plant: ({ home }) => git(home, '--unset-all', 'http.sslCAInfo'),
    finds: [
      ['server', 'fault', /^localhost:\d+ cannot be reached \(its certificate is not trusted here, /],
      ['token', 'fault', /its certificate is not trusted here/],
    ],
    filledIn: ({ home }) => ['/path/to/it.pem', join(home.path, 'ca.pem')],
  },
  {
    title: 'the server is down',
    plant: async ({ home }) => git(home, `${HELPER}.oauthTokenURL`, `http://127.0.0.1:${await freePort()}/down`),
    finds: [['server', 'fault', /^127\.0\.0\.1:\d+ cannot be reached \(the connection was refused\)$/]],
    words: [
      [
        /^see whether a browser reaches it/,
        ({ home, sandbox }) => git(home, `${HELPER}.oauthTokenURL`, `${sandbox.origin}/site/oauth2/access_token`),
      ],
    ],
  },
  {
    title: 'the server has a bad moment',
    plant: ({ sandbox }) =>
      (sandbox.oauth.settings.fault = { status: 503, type: 'text/html', body: '<h1>Service Unavailable</h1>' }),
    finds: [['server', 'fault', /^127\.0\.0\.1:\d+ gave no usable answer \(HTTP 503\)$/]],
    words: [[/^try again in a while$/, ({ sandbox }) => (sandbox.oauth.settings.fault = undefined)]],
  },
  {
    title: 'there is no login',
    plant: ({ home }) => {
      rmSync(home.data, { recursive: true })
      rmSync(home.runtime, { recursive: true })
    },
    finds: [['login', 'fault', /^none is kept for bitbucket\.org$/]],
    exitCode: 4,
  },
  {
    title: 'the login was made with another consumer',
    plant: ({ home }) => rewriteLogin(home, { clientId: 'another' }),
    finds: [['login', 'fault', /^the one for bitbucket\.org was made with another OAuth consumer, so it cannot be/]],
  },
  {
    title: 'there is no login, and one was cancelled',
    plant: async ({ home }) => {
      rmSync(home.data, { recursive: true })
      rmSync(home.runtime, { recursive: true })
      home.useBrowser('follow.ts', 'cancel')
      await home.helper('get', requestFor(BITBUCKET))
      home.useBrowser('follow.ts')
    },
    finds: [
      ['login', 'note', /^the last one failed a moment ago, so git does not ask for another for \d+ minutes$/],
      ['login', 'fault', /^none is kept for bitbucket\.org$/],
    ],
    exitCode: 4,
  },
  {
    title: 'the access token was revoked',
    plant: ({ sandbox }) => sandbox.oauth.storage.forget('AccessToken'),
    finds: [
      [
        'token',
        'fault',
        /^127\.0\.0\.1:\d+ does not accept the access token any more: it was revoked, or it has ended$/,
      ],
    ],
    steps: [0, 1],
  },
  {
    title: 'the whole login was revoked',
    plant: ({ sandbox }) => {
      sandbox.oauth.storage.forget('AccessToken')
      sandbox.oauth.storage.forget('RefreshToken')
    },
    finds: [['token', 'fault', /does not accept the access token any more/]],
    steps: [1],
  },
  {
    title: 'the permission to read is missing',
    plant: (user) => logInWith(user, ['account']),
    finds: [['permissions', 'fault', /^account, but not Repositories: Read, which git needs$/]],
    words: [
      [
        /^edit the consumer on https:\/\/bitbucket\.org\/WORKSPACE\/.*: tick Repositories: Read, and save$/,
        ({ sandbox }) => (sandbox.oauth.settings.scopes = ['repository', 'repository:write']),
      ],
    ],
  },
  {
    title: 'the permission to write is missing',
    plant: (user) => logInWith(user, ['repository']),
    finds: [['permissions', 'note', /^repository: enough to clone and fetch, but not to push$/]],
    exitCode: 0,
    words: [
      [
        /^edit the consumer on .*: tick Repositories: Write, and save$/,
        ({ sandbox }) => (sandbox.oauth.settings.scopes = ['repository', 'repository:write']),
      ],
    ],
  },
  {
    title: 'git goes elsewhere',
    plant: ({ home }) => git(home, 'url.ssh://git@bitbucket.org/.insteadOf', `${BITBUCKET}/`),
    finds: [
      ['rewriting', 'fault', /^git goes to ssh:\/\/git@bitbucket\.org\/ instead of https:\/\/bitbucket\.org\/, /],
    ],
  },
  {
    title: 'git goes there with a password of its own',
    plant: ({ home }) => git(home, `url.https://x-token-auth:${PASSWORD}@bitbucket.org/.insteadOf`, `${BITBUCKET}/`),
    finds: [['rewriting', 'fault', /^git goes to https:\/\/\*\*\*@bitbucket\.org\/ instead of /]],
    words: [
      [
        /^remove url\.https:\/\/\*\*\*@bitbucket\.org\/\.insteadOf from \/.*\/\.gitconfig$/,
        ({ home }) => git(home, '--unset', `url.https://x-token-auth:${PASSWORD}@bitbucket.org/.insteadOf`),
      ],
    ],
  },
  {
    title: 'a header of git logs in',
    plant: ({ home }) => git(home, 'http.extraHeader', `AUTHORIZATION: basic ${PASSWORD}`),
    finds: [
      [
        'extra header',
        'fault',
        /^http\.extraHeader sends an Authorization header of its own to https:\/\/bitbucket\.org$/,
      ],
    ],
  },
  {
    title: 'git sends cookies, which may log in',
    plant: ({ home }) => git(home, `http.${BITBUCKET}.cookieFile`, '/tmp/cookies'),
    finds: [
      [
        'cookies',
        'note',
        /^http\.https:\/\/bitbucket\.org\.cookieFile has git send the cookies in \/tmp\/cookies to https:\/\/bitbucket\.org too$/,
      ],
    ],
    words: [[/^if git logs in as somebody else:$/, () => {}]],
    exitCode: 0,
  },
  {
    title: 'a header of git logs in, in a file that is included, for one workspace',
    plant: async ({ home }) => {
      const file = join(home.path, "company's config")
      await git(home, 'include.path', file)
      const key = `http.${BITBUCKET}/acme/.extraHeader`
      await home.git('config', '--file', file, key, `Authorization: Bearer ${PASSWORD}`)
    },
    finds: [
      [
        'extra header',
        'fault',
        /^http\.https:\/\/bitbucket\.org\/acme\/\.extraHeader sends an Authorization header of/,
      ],
    ],
  },
  {
    title: 'the repository keeps git from asking',
    plant: ({ home }) => gitHere(home, 'credential.helper', ''),
    finds: [
      ['helpers', 'fault', /^by this repository's own configuration, git no longer asks this program for https:/],
    ],
  },
  {
    title: 'the repository has a helper of its own, with a secret in it',
    plant: ({ home }) => gitHere(home, `${HELPER}.helper`, `!TOKEN=${PASSWORD} my-helper`),
    finds: [['helpers', 'note', /^by this repository's own configuration, git gives the tokens to "!\.\.\." too, and/]],
    exitCode: 0,
  },
  {
    title: 'the repository alone has git ask',
    plant: async ({ home }) => {
      await git(home, '--unset-all', 'credential.helper')
      await home.git('init', '-q')
      await home.run(PROGRAM, ['configure', '--local'])
    },
    finds: [['helpers', 'note', /^this repository's own configuration alone has git ask this program for https:/]],
    exitCode: 0,
  },
  {
    title: 'the repository has git go elsewhere',
    plant: ({ home }) => gitHere(home, 'url.ssh://git@bitbucket.org/.insteadOf', `${BITBUCKET}/`),
    finds: [
      ['rewriting', 'fault', /^by this repository's own configuration, git goes to ssh:\/\/git@bitbucket\.org\//],
    ],
  },
  {
    title: 'a header of the repository logs in',
    plant: ({ home }) => gitHere(home, 'http.extraHeader', `Authorization: basic ${PASSWORD}`),
    finds: [['extra header', 'fault', /^by this repository's own configuration, http\.extraHeader sends an Authoriz/]],
  },
  {
    title: 'a remote has a token of its own in its URL',
    plant: ({ home }) =>
      gitHere(home, 'remote.origin.url', `https://x-token-auth:${PASSWORD}@bitbucket.org/acme/w.git`),
    finds: [['remote', 'fault', /^git logs in to remote origin with a password in its URL, and asks no helper$/]],
  },
  {
    title: 'a remote is pushed to with a token of its own',
    plant: async ({ home }) => {
      await gitHere(home, 'remote.origin.url', `${BITBUCKET}/acme/w.git`)
      await gitHere(home, 'remote.origin.pushurl', `https://x-token-auth:${PASSWORD}@bitbucket.org/acme/w.git`)
    },
    finds: [['remote', 'fault', /^git logs in to remote origin with a password in its URL, and asks no helper$/]],
  },
  {
    title: 'git starts this program by a path that is gone',
    plant: async ({ home }) => {
      await git(home, '--unset-all', 'credential.helper')
      await git(home, 'credential.helper', '/gone/bin/git-credential-bitbucket-oauth')
    },
    finds: [['helpers', 'fault', /^git is told to start this program by its path, and that fails$/]],
  },
  {
    title: 'git starts this program by a command that is wrong',
    plant: async ({ home }) => {
      await git(home, '--unset-all', 'credential.helper')
      await git(home, 'credential.helper', '!PATH=/gone git-credential-bitbucket-oauth')
    },
    finds: [['helpers', 'fault', /^git is told to start this program by a command, and that fails$/]],
  },
  {
    title: 'a .netrc has a password',
    plant: ({ home }) =>
      writeFileSync(join(home.path, '.netrc'), `machine bitbucket.org\n\tlogin alice\n\tpassword ${PASSWORD}\n`),
    finds: [['netrc', 'fault', /^\/.*\/\.netrc has a password for bitbucket\.org, which git sends before it asks/]],
    words: [[/^remove the entry from \/.*\/\.netrc$/, ({ home }) => unlinkSync(join(home.path, '.netrc'))]],
  },
  {
    title: 'the permission to read a repository is missing',
    options: { repository: 'acme/widgets.git' },
    plant: (user) => logInWith(user, ['account']),
    finds: [
      ['permissions', 'fault', /^account, but not Repositories: Read/],
      ['repository', 'fault', /^the consumer lacks a permission: Repositories: Read$/],
    ],
    words: [
      [
        /^edit the consumer on https:\/\/bitbucket\.org\/WORKSPACE\/.*: tick Repositories: Read, and save$/,
        ({ sandbox }) => (sandbox.oauth.settings.scopes = ['repository', 'repository:write']),
      ],
    ],
  },
  {
    title: 'the permission to push to a repository is missing',
    options: { repository: 'acme/widgets.git' },
    plant: (user) => logInWith(user, ['repository']),
    finds: [
      ['permissions', 'note', /but not to push$/],
      ['push', 'note', /^the consumer lacks a permission: Repositories: Write$/],
    ],
    exitCode: 0,
    words: [
      [
        /^edit the consumer on .*: tick Repositories: Write, and save$/,
        ({ sandbox }) => (sandbox.oauth.settings.scopes = ['repository', 'repository:write']),
      ],
    ],
  },
  {
    title: 'the account has no access to the repository',
    options: { repository: 'acme/widgets.git' },
    plant: ({ sandbox }) => sandbox.access.noAccess.add('acme/widgets'),
    finds: [['repository', 'fault', /^the account that you logged in with has no access to acme\/widgets$/]],
    words: [
      [
        /^ask the repository's or workspace's administrator for access$/,
        ({ sandbox }) => sandbox.access.noAccess.delete('acme/widgets'),
      ],
    ],
  },
  {
    title: 'there is no such repository',
    options: { repository: 'acme/widgets.git' },
    plant: (user) => (user.repository = 'acme/wigets.git'),
    finds: [
      [
        'repository',
        'fault',
        /^there is no acme\/wigets, or the account .* cannot see it; in workspace acme it sees \d+ others$/,
      ],
    ],
    words: [[/^did you mean acme\/widgets\?$/, (user) => (user.repository = 'acme/widgets.git')]],
  },
  {
    title: 'there is no such workspace',
    options: { repository: 'acme/widgets.git' },
    plant: (user) => (user.repository = 'acne/widgets.git'),
    finds: [['repository', 'fault', /^there is no workspace acne$/]],
    words: [[/^compare the URL with that in the browser$/, (user) => (user.repository = 'acme/widgets.git')]],
  },
  {
    title: 'the workspace admits certain networks only',
    options: { repository: 'acme/widgets.git' },
    plant: ({ sandbox }) => (sandbox.access.rule = 'network'),
    finds: [['repository', 'fault', /^workspace acme admits only certain networks, and this is not one of them$/]],
    words: [[/^use the company's network or VPN, or ask/, ({ sandbox }) => (sandbox.access.rule = undefined)]],
  },
  {
    title: 'the workspace asks for two-step verification',
    options: { repository: 'acme/widgets.git' },
    plant: ({ sandbox }) => (sandbox.access.rule = 'two-step'),
    finds: [['repository', 'fault', /^workspace acme requires two-step verification$/]],
    words: [[/^switch it on: https:\/\/bitbucket\.org\/account\//, ({ sandbox }) => (sandbox.access.rule = undefined)]],
  },
  {
    title: 'git is refused what the REST interface shows',
    options: { repository: 'acme/widgets.git' },
    plant: ({ sandbox }) => (sandbox.git.refusesAll = true),
    finds: [
      ['repository', 'fault', /^127\.0\.0\.1:\d+ shows it, but 127\.0\.0\.1:\d+ refuses it to git \(HTTP 401\)$/],
      ['push', 'note', /^is not permitted to the account that you logged in with \(HTTP 401\)$/],
    ],
    words: [[/^if that does not help:$/, ({ sandbox }) => (sandbox.git.refusesAll = false)]],
  },
  {
    title: 'the access token has expired',
    options: { repository: 'acme/widgets.git' },
    plant: ({ home, sandbox }) => home.expire(sandbox.origin),
    finds: [['repository', 'fault', /^cannot be tried without a valid access token$/]],
  },
  {
    title: 'the access token was revoked, for a repository',
    options: { repository: 'acme/widgets.git' },
    plant: ({ sandbox }) => sandbox.oauth.storage.forget('AccessToken'),
    finds: [['token', 'fault', /does not accept the access token any more/]],
    steps: [0, 1],
  },
  {
    title: 'it is not known where the REST interface is',
    options: { repository: 'acme/widgets.git' },
    plant: ({ home, sandbox }) => git(home, '--unset', `credential.${sandbox.origin}.oauthApiURL`),
    finds: [['repository', 'fault', /^cannot be tried: oauthApiURL is not set for this host$/]],
    filledIn: ({ sandbox }) => [/URL$/, sandbox.origin],
  },
  {
    title: 'large files are refused to whoever does not say who they are',
    options: { repository: 'acme/widgets.git' },
    plant: ({ sandbox }) => (sandbox.lfs.refusesAnonymous = 403),
    finds: [['lfs', 'note', /^large files: Bitbucket answers 403 in place of 401 here/]],
    exitCode: 0,
  },
]

for (const { title, options, plant, finds, exitCode = 1, steps = [0], words = [], filledIn } of FAULTS) {
  test.serial(`doctor finds it, and what it says cures it: ${title}`, async (t) => {
    const user = await makeLoggedInUser(t, options)
    await plant(user)

    const ill = await askDoctor(user)
    const found = unlikeHealthy(ill)
    const unread = [...words]
    for (const step of found[0]?.cures.slice(...steps) ?? []) await follow(step, user, unread, filledIn?.(user))
    const cured = await askDoctor(user)

    t.deepEqual([ill.exitCode, cured.exitCode], [exitCode, 0])
    t.deepEqual(
      found.map(({ check, level }) => [check, level]),
      finds.map(([check, level]) => [check, level]),
    )
    for (const [index, [, , text]] of finds.entries()) t.regex(found[index]?.text ?? '', text)
    t.deepEqual(unread, [], 'every word of advice was given')
    t.deepEqual(unlikeHealthy(cured), [])
  })
}

test('what keeps a repository from opening is told by status too, where the access token shows it', async (t) => {
  const user = await makeLoggedInUser(t, { repository: 'acme/widgets.git' })
  await logInWith(user, ['account'])

  const { code, stdout } = await user.home.run(PROGRAM, ['status', '--json'])

  t.is(code, 1)
  const { findings } = JSON.parse(stdout) as Report
  t.deepEqual(
    findings.filter(({ level }) => level === 'fault').map(({ check }) => check),
    ['permissions'],
  )
})

test('what cures one value of git leaves the others of its key', async (t) => {
  const user = await makeLoggedInUser(t)
  const { home } = user
  const elsewhere = 'url.ssh://git@bitbucket.org/.insteadOf'
  const values = [
    [elsewhere, `${BITBUCKET}/`],
    [elsewhere, 'bb:'],
    ['http.extraHeader', 'X-Mine: stays'],
    ['http.extraHeader', `AUTHORIZATION: basic ${PASSWORD}`],
  ] as const
  for (const [key, value] of values) await git(home, '--add', key, value)

  const { findings } = await askDoctor(user)
  for (const step of findings.filter(({ level }) => level === 'fault').flatMap(({ cures }) => cures)) {
    await follow(step, user, [])
  }

  t.is((await home.git('config', '--get-all', elsewhere)).stdout, 'bb:\n')
  t.is((await home.git('config', '--get-all', 'http.extraHeader')).stdout, 'X-Mine: stays\n')
})

test('an entry of PATH behind all programs endangers none', async (t) => {
  const user = await makeLoggedInUser(t)
  user.home.env['PATH'] += ':.::bin:/tmp'

  t.deepEqual(unlikeHealthy(await askDoctor(user)), [])
})

test('what only names the user, or is about another host, is no fault', async (t) => {
  const user = await makeLoggedInUser(t)
  await git(user.home, 'url.https://alice@bitbucket.org/.insteadOf', `${BITBUCKET}/`)
  await git(user.home, 'url.ssh://git@github.com/.insteadOf', 'https://github.com/')
  await git(user.home, 'http.https://github.com/.extraHeader', 'Authorization: basic x')
  await git(user.home, 'http.extraHeader', 'X-Authorization: x')
  writeFileSync(join(user.home.path, '.netrc'), 'machine api.bitbucket.org login alice password x\n')

  t.deepEqual(unlikeHealthy(await askDoctor(user)), [])
})

test('doctor for people shows each step of a cure in a line of its own', async (t) => {
  const user = await makeLoggedInUser(t)
  await logInWith(user, ['account'])

  const { code, stdout, stderr } = await user.home.run(PROGRAM, ['doctor'])

  t.deepEqual({ code, stderr }, { code: 1, stderr: '' })
  t.regex(
    stdout,
    /^FAULT  permissions [^\n]+\n       -> edit the consumer [^\n]+\n       -> then log in once more:\n       -> git credential-bitbucket-oauth login\n/m,
  )
})

for (const [address, text] of [
  ['https://bitbucket.org.evil.example/a/b', 'https://bitbucket.org.evil.example is neither Bitbucket nor'],
  ['https://bitbucket.org@evil.example/a/b', 'https://evil.example is neither Bitbucket nor'],
  ['https://bitbucket.org:8443/a/b', 'https://bitbucket.org:8443 is neither Bitbucket nor'],
  ['https://bitbucket.org./a/b', 'https://bitbucket.org. is neither Bitbucket nor'],
  ['git@evil.example:a/b.git', 'https://evil.example is neither Bitbucket nor'],
  ['https://x$(id)/a/b', 'https://x$(id) is neither Bitbucket nor'],
  ['http://bitbucket.org/a/b', 'http://bitbucket.org has to be https'],
] as const) {
  test(`doctor has nobody configure or log in to what is no host of theirs: ${address}`, async (t) => {
    const { home } = await makeUser(t)

    const { code, stdout, stderr } = await home.run(PROGRAM, ['doctor', '--json', address])

    const { findings } = JSON.parse(stdout) as Report
    t.deepEqual([code, stderr, findings.length], [3, '', 1])
    t.like(findings[0], { check: 'address', level: 'fault' })
    t.true(findings[0]?.text.startsWith(text), findings[0]?.text)
    t.notRegex(findings[0]?.cures.join('\n') ?? '', /git|login/)
  })
}

test('an address is quoted in a cure where a shell would read it otherwise', async (t) => {
  const { home, sandbox } = await makeUser(t)
  // A shell takes the brackets for a pattern.
  const url = 'http://[::1]:1'
  home.configureFor(sandbox, url)
  await git(home, '--unset-all', 'credential.helper')
  await git(home, '--unset', `credential.${url}.oauthApiURL`)

  const cures: string[] = []
  for (const secret of ['wrong', '']) {
    await git(home, `credential.${url}.oauthClientSecret`, secret)
    const { stdout } = await home.run(PROGRAM, ['doctor', '--json', `${url}/acme/widgets.git`])
    cures.push(...(JSON.parse(stdout) as Report).findings.flatMap((found) => found.cures))
  }

  for (const name of ['helper', 'oauthClientId', 'oauthClientSecret', 'oauthApiURL']) {
    t.true(
      cures.some((cure) => cure.includes(`'credential.${url}.${name}'`)),
      name,
    )
  }
  t.true(cures.some((cure) => cure.includes(`login '${url}'`)))
  t.notRegex(cures.map((cure) => cure.replaceAll(/'[^']*'/g, '')).join('\n'), /\[/)
})

test('nothing that is configured moves the cursor', async (t) => {
  const { home } = await makeLoggedInUser(t)
  await git(home, '--add', 'credential.helper', 'evil\u001B[2J')

  for (const command of ['doctor', 'status']) {
    const { stdout } = await home.run(PROGRAM, [command])

    t.true(stdout.includes('"evil\uFFFD[2J"'))
    t.false(stdout.includes('\u001B'))
  }
})

test('doctor tries a repository with a token that is in the keyring, and writes nothing', async (t) => {
  const daemon = await KeyringDaemon.start(t)
  const { home, sandbox } = await makeUser(t)
  Object.assign(home.env, daemon.env)
  await git(home, `credential.${sandbox.origin}.oauthStore`, 'keyring')
  home.useBrowser('follow.ts')
  const user = { t, home, sandbox, daemon, repository: 'acme/widgets.git', printed: '' }
  await logIn(user)
  rmSync(home.runtime, { recursive: true })

  const { exitCode, findings } = await askDoctor(user)

  t.is(exitCode, 0)
  t.like(
    findings.find(({ check }) => check === 'repository'),
    { level: 'good' },
  )
})

test('where logins cannot be looked at, status says why, and does not say that there is none', async (t) => {
  const { home } = await makeLoggedInUser(t)
  home.env['XDG_DATA_HOME'] = join(home.path, 'a-file')
  writeFileSync(home.env['XDG_DATA_HOME'], '')

  const { code, stdout, stderr } = await home.run(PROGRAM, ['status', '--json'])

  t.deepEqual([code, stderr], [1, ''])
  const faults = (JSON.parse(stdout) as Report).findings.filter(({ level }) => level === 'fault')
  t.deepEqual(
    faults.map(({ check }) => check),
    ['files'],
  )
})

test('where nothing is configured, setup is what is to be done', async (t) => {
  const { home } = await makeUser(t)
  writeFileSync(join(home.path, '.gitconfig'), '')

  for (const command of ['doctor', 'status']) {
    const { stdout } = await home.run(PROGRAM, [command, '--json'])

    const cures = (JSON.parse(stdout) as Report).findings.flatMap((found) => found.cures)
    t.deepEqual(
      cures.filter((cure) => cure.startsWith('git ')),
      [`git credential-bitbucket-oauth setup`],
    )
    t.is(cures.length, 3)
  }
})

/** With a login, for Bitbucket, or for the sandbox where it is about a repository: nothing goes to the real one. */
async function makeLoggedInUser(t: ExecutionContext, options: Fault['options'] = {}): Promise<User> {
  const { tls = false, hasKeyring = false, repository } = options
  const daemon = hasKeyring ? await KeyringDaemon.start(t) : undefined
  const { home, sandbox } = await makeUser(t, { tls })
  Object.assign(home.env, daemon?.env)
  if (repository === undefined) home.configureFor(sandbox, BITBUCKET)
  home.useBrowser('follow.ts')
  const user = { t, home, sandbox, daemon, repository, printed: '' }
  if (hasKeyring) await logIn(user)
  else await plantLogin(home, sandbox, repository === undefined ? { url: BITBUCKET } : {})
  return user
}

async function logIn({ t, home, sandbox, repository }: User): Promise<void> {
  const { code, stderr } = await home.run(PROGRAM, ['login', repository === undefined ? BITBUCKET : sandbox.origin])
  t.is(code, 0, stderr)
}

async function logInWith(user: User, scopes: readonly string[]): Promise<void> {
  user.sandbox.oauth.settings.scopes = scopes
  await logIn(user)
}

async function git(home: Home, ...args: readonly string[]): Promise<void> {
  const { code, stderr } = await home.git('config', '--global', ...args)
  if (code !== 0) throw new Error(stderr)
}

/** In the repository that doctor is run in. */
async function gitHere(home: Home, ...args: readonly string[]): Promise<void> {
  await home.git('init', '-q')
  const { code, stderr } = await home.git('config', '--local', ...args)
  if (code !== 0) throw new Error(stderr)
}

function consumersPath(home: Home): string {
  return `${home.recordPath(home.data, BITBUCKET)}.consumers`
}

function rewriteLogin(home: Home, fields: object): void {
  writeFileSync(
    home.recordPath(home.data, BITBUCKET),
    JSON.stringify({ ...home.record(home.data, BITBUCKET), ...fields }),
  )
}

type Report = { readonly findings: readonly Finding[] }

/** What doctor finds, by its absolute path; it changes nothing, and tells no secret. */
async function askDoctor({ t, home, sandbox, repository }: User): Promise<Report & { exitCode: number | null }> {
  const args = repository === undefined ? [] : [`${sandbox.origin}/${repository}`]
  const before = look(home)

  const { code, stdout, stderr } = await home.run(join(home.path, 'bin', PROGRAM), ['doctor', '--json', ...args])

  t.is(stderr, '')
  t.deepEqual(look(home), before)
  for (const secret of [sandbox.oauth.consumer.key, PASSWORD, ...sandbox.oauth.issued, ...sandbox.oauth.secrets]) {
    t.false(secret !== '' && stdout.includes(secret))
  }
  return { exitCode: code, ...(JSON.parse(stdout) as Report) }
}

/** All that is in the home, but for what the browser leaves there, which may still be closing. */
function look({ path }: Home): Record<string, string> {
  return Object.fromEntries(
    Object.entries(snapshot(path)).filter(([name]) => !/^(\.$|tmp|browser\.|opened|closed)/.test(name)),
  )
}

/** What is not good, but for the two notes that a healthy user of these tests has. */
function unlikeHealthy({ findings }: Report): Finding[] {
  return findings.filter(
    ({ level, text }) =>
      level !== 'good' &&
      !/^(key [\da-f]{4}\.\.\.; the secret stands in git's|the system's keyring .*\(there is no session bus\))/.test(
        text,
      ),
  )
}

/** Takes a command as it stands; for words, does what the test knows that they mean. */
async function follow(
  step: string,
  user: User,
  unread: NonNullable<Fault['words']>[number][],
  [placeholder, value]: readonly [string | RegExp, string] = ['', ''],
): Promise<void> {
  const { t, home, sandbox } = user
  const [next] = unread
  if (next?.[0].test(step) === true) {
    unread.shift()
    await next[1](user)
  } else if (/^(git|chmod|chown|mv|npm) /.test(step)) {
    const { key, secret } = sandbox.oauth.consumer
    // The one command that asks a person.
    const isSetup = step === 'git credential-bitbucket-oauth setup'
    const command = isSetup ? `${step} acme --key ${key} --secret-stdin` : step.replace(placeholder, value)
    const { code, stdout, stderr } = await home.run('sh', ['-c', command], { input: isSetup ? `${secret}\n` : '' })
    t.is(code, 0, `${command}: ${stderr}`)
    t.false(stdout.includes(PASSWORD))
    user.printed = stdout
  } else {
    t.regex(step, /:$/, 'words that nobody can follow')
  }
}

test('where the page of the login alone cannot be reached, all else is told of the server as well', async (t) => {
  const { home, sandbox } = await makeLoggedInUser(t)
  sandbox.oauth.settings.ahead = 4000
  home.configure({ [`credential.${sandbox.origin}.oauthAuthURL`]: `http://127.0.0.1:${await freePort()}/authorize` })

  const { stdout } = await home.run('git-credential-bitbucket-oauth', ['doctor', sandbox.origin])

  t.regex(stdout, /^ok +server +\S+ answers, and knows the consumer$/m)
  t.regex(stdout, /^FAULT +clock +goes \d+ minutes behind that of /m)
  t.regex(stdout, /^FAULT +server +\S+ cannot be reached \(the connection was refused\)$/m)
})

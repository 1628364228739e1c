/** What is set rather than typed, for the manual page alone. In a text, what is to be typed stands between backquotes. */
type Entry = {
  /** The names that share the text. */
  readonly names: readonly string[]
  readonly description: string
}

/** Keys of git's configuration. */
export const CONFIGURATION: readonly Entry[] = [
  {
    names: ['credential.<url>.oauthClientId', 'credential.<url>.oauthClientSecret'],
    description:
      'The key and the secret of your OAuth consumer, made at https://bitbucket.org/WORKSPACE/workspace/settings/api. ' +
      'With a username in the URL they hold for that account alone. ' +
      'A login copies the secret into the keyring, where it is kept in one; it may then be removed here.',
  },
  {
    names: ['credential.<url>.oauthGrant'],
    description:
      'How tokens are obtained: `authorization_code`, by a login in the browser; `client_credentials`, with the key and secret of a ' +
      'private consumer alone, for CI and other machines: no browser, no login. Default: `authorization_code`. ' +
      'A change takes effect with the next access token.',
  },
  {
    names: ['credential.<url>.oauthRedirectURL'],
    description:
      "Where the browser comes back to; the consumer's callback URL, to the letter. Default: `http://localhost:8976`. " +
      'A loopback IP address without a port, such as `http://127.0.0.1/callback`, gets a free port.',
  },
  {
    names: ['credential.<url>.oauthLoginTimeout'],
    description: 'How long a login may take, in seconds. Default: 300; at most 3600.',
  },
  {
    names: ['credential.<url>.oauthScopes'],
    description: 'Scopes to ask for. Default: none; the permissions of the consumer decide.',
  },
  {
    names: ['credential.<url>.oauthProvider'],
    description:
      '`bitbucket-data-center` for a host with Bitbucket Data Center: its endpoints, and its scopes `REPO_READ REPO_WRITE`. ' +
      'With the client id, that makes the host one that is answered, or, where the URL has a path, that path alone; ' +
      'git tells the path where `credential.<url>.useHttpPath` is true. Default: `bitbucket`, which is Bitbucket Cloud.',
  },
  {
    names: ['credential.<url>.oauthAuthURL', 'credential.<url>.oauthTokenURL'],
    description:
      'The authorization endpoint and the token endpoint. ' +
      'A host other than bitbucket.org is answered only where these two and the client id are set for it, or oauthProvider.',
  },
  {
    names: ['credential.<url>.oauthApiURL'],
    description:
      'Where the REST interface is; default for Bitbucket: `https://api.bitbucket.org`. Used by `setup`, `doctor`, `api`, `downloads`, `archive --all`.',
  },
  {
    names: ['credential.<url>.oauthStore'],
    description:
      "Where logins are kept: `auto`, in the system's keyring where one answers, else in a file; " +
      '`keyring`, there and nowhere else, the access token as well; `file`; ' +
      '`none`, nothing at all, with `client_credentials`: each command of git asks for a token of its own. Default: `auto`. ' +
      'A change takes the login along at the next refresh.',
  },
  {
    names: ['credential.<url>.oauthSelfHeal'],
    description:
      '`false`: a token that the server refuses is not replaced in the same command, but before the next. ' +
      'Git 2.46 and later can do it. Default: `true`. A change takes effect with the next access token.',
  },
  {
    names: ['credential.<url>.oauthAuthType'],
    description:
      'How git is answered: `basic`, the username `x-token-auth` and the token as a password; ' +
      '`bearer`, where git can take it (2.46 and later); `auto`, the first, but bearer where git has other helpers, ' +
      'some of which would keep a password longer than it lives. Default: `auto`. ' +
      'A change takes effect with the next access token.',
  },
  {
    names: ['credential.<url>/WORKSPACE.username'],
    description: "Git's own: the account for the repositories of a workspace.",
  },
  {
    names: ['credential.interactive'],
    description: '`false` or `never`: open no browser, unless `login` is typed by hand.',
  },
  {
    names: ['http.proxy', 'http.proxySSLCAInfo'],
    description:
      'The proxy, as git uses it: `http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`, with `USER:PASSWORD@` where it asks for them; ' +
      'and a file of certificates for an https proxy.',
  },
  {
    names: ['http.sslCert', 'http.sslKey'],
    description:
      "A client certificate and its key, as git uses them. git's credential helpers are asked for a passphrase.",
  },
  {
    names: ['http.sslCAInfo', 'http.sslCAPath'],
    description: 'Certificates that are trusted, beside those of Node.js and of the system.',
  },
]

export const ENVIRONMENT: readonly Entry[] = [
  {
    names: ['GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID', 'GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET'],
    description: 'Key and secret for https://bitbucket.org; come before the configuration.',
  },
  {
    names: ['GIT_CREDENTIAL_BITBUCKET_OAUTH_GRANT'],
    description: 'As oauthGrant, for https://bitbucket.org; comes before the configuration.',
  },
  {
    names: ['GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN'],
    description:
      'A finished access token for https://bitbucket.org, answered as it is, before all that is kept; ' +
      "a repository's, a project's or a workspace's access token too.",
  },
  {
    names: [
      'GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_ID_FILE',
      'GIT_CREDENTIAL_BITBUCKET_OAUTH_CLIENT_SECRET_FILE',
      'GIT_CREDENTIAL_BITBUCKET_OAUTH_ACCESS_TOKEN_FILE',
    ],
    description: 'The absolute path of a file that holds it, in the place of the variable without `_FILE`.',
  },
  {
    names: ['GIT_CREDENTIAL_BITBUCKET_OAUTH_TRACE'],
    description:
      '`1` or `true`: write each decision to stderr as a line with the time; an absolute path: append to that file. ' +
      'Never a secret, so that it can be shown to others.',
  },
  {
    names: ['GIT_TERMINAL_PROMPT', 'CI'],
    description:
      '`0`, or any value, in turn: open no browser. The first does not keep a `login` typed by hand from it.',
  },
  { names: ['NO_COLOR'], description: 'No colours at all.' },
  { names: ['FORCE_COLOR'], description: 'Colours even where the output is no terminal.' },
  {
    names: ['BROWSER'],
    description:
      'The program that is given the address to log in at; several stand with colons between them, and the first that exists counts. ' +
      'It may have arguments, where `%s` stands for the address.',
  },
  {
    names: ['DBUS_SESSION_BUS_ADDRESS'],
    description: 'Where the keyring is asked for, on Linux; without it, at `$XDG_RUNTIME_DIR/bus`.',
  },
  {
    names: ['XDG_RUNTIME_DIR', 'XDG_CACHE_HOME', 'XDG_DATA_HOME'],
    description: 'Where files lie; see below.',
  },
  {
    names: ['HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY', 'GIT_SSL_CAINFO', 'GIT_SSL_CERT', 'GIT_SSL_KEY', 'SSL_CERT_FILE'],
    description: 'Are used as git and curl use them.',
  },
]

export const FILES: readonly Entry[] = [
  {
    names: ['$XDG_RUNTIME_DIR/git-credential-bitbucket-oauth/'],
    description:
      "Access tokens; good for two hours. Where that variable is not set, or names another user's directory: " +
      '`~/.cache/git-credential-bitbucket-oauth/`. On macOS in `~/Library/Caches`, on Windows in `%LOCALAPPDATA%`.',
  },
  {
    names: ['~/.local/share/git-credential-bitbucket-oauth/logins/'],
    description:
      "Which logins there are; and the logins themselves where they are not in the system's keyring: " +
      'plain text that only you can read, mode 0600. On macOS in `~/Library/Application Support`, on Windows in `%LOCALAPPDATA%`.',
  },
]

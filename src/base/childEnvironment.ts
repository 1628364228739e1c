/** What a program of each kind need not know: the consumer's secret, and what is meant for another Node. */
const KEPT_BACK = {
  git: /^GIT_CREDENTIAL_BITBUCKET_OAUTH_/i,
  browser: /^(GIT_CREDENTIAL_BITBUCKET_OAUTH_|GIT_CONFIG_(PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)$)/i,
  node: /^(GIT_CREDENTIAL_BITBUCKET_OAUTH_|GIT_CONFIG_(PARAMETERS|COUNT|KEY_\d+|VALUE_\d+)$|NODE_|OPENSSL_)/i,
}

/** The environment of a program that is started. Each one is started with it: a child hands it on to its own. */
export function childEnvironment(env: NodeJS.ProcessEnv, kind: keyof typeof KEPT_BACK): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !KEPT_BACK[kind].test(name)))
}

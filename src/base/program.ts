/** This program, as a file and as it calls itself. */
export const PROGRAM = 'git-credential-bitbucket-oauth'

/** What a person types, before the name of a command. */
export const COMMAND = 'git credential-bitbucket-oauth'

/** What stands in the environment of a machine that has no configuration. */
export type Variable = 'ACCESS_TOKEN' | 'CLIENT_ID' | 'CLIENT_SECRET'

/** A variable as it is written in the environment. */
export function variableName(variable: Variable | 'GRANT' | 'HANDED_OVER'): string {
  return `GIT_CREDENTIAL_BITBUCKET_OAUTH_${variable}`
}

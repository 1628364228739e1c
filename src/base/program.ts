/** This program, as a file and as it calls itself. */
export const PROGRAM = 'git-credential-bitbucket-oauth'

/** What a person types, before the name of a command. */
export const COMMAND = 'git credential-bitbucket-oauth'

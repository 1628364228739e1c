/** Whom workspace acme shuts out though the token is good. Turned by the tests; the same for git, REST and archives. */
export type Access = {
  /** Repositories that the user may not see, as `acme/NAME`. */
  readonly noAccess: Set<string>
  /** What an administrator has laid down for the workspace. */
  rule: 'network' | 'two-step' | undefined
}

export const NO_ACCESS =
  'You may not have access to this repository or it no longer exists in this workspace. If you think this repository exists and you have access, make sure you are authenticated.'

const RULES = {
  network: 'To access this repository, an admin must whitelist your IP.',
  'two-step': 'To access this repository, enable two-step authentication.',
}

/**
 * What the user is told who is shut out; undefined for who is not.
 *
 * @param repository as `WORKSPACE/NAME`
 */
export function findRefusal(access: Access, repository: string): { rule: boolean; text: string } | undefined {
  if (access.rule !== undefined) return { rule: true, text: RULES[access.rule] }
  return access.noAccess.has(repository) ? { rule: false, text: NO_ACCESS } : undefined
}

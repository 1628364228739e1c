// Plain literals: the bundler drops those that a file does not use.

export const BITBUCKET = 'https://bitbucket.org'

/** Here users withdraw what they allowed a consumer. */
export const APP_AUTHORIZATIONS_PAGE = 'https://bitbucket.org/account/settings/app-authorizations/'

/** Here users switch on two-step verification. */
export const TWO_STEP_PAGE = 'https://bitbucket.org/account/settings/two-step-verification/manage'

/** Here a workspace's administrator makes and edits its OAuth consumers. */
export function consumerPage(workspace = 'WORKSPACE'): string {
  return `${BITBUCKET}/${workspace}/workspace/settings/api`
}

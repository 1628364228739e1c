export const BITBUCKET = 'https://bitbucket.org'

/** Where a workspace's consumers are made and edited. */
export function consumerPage(workspace = 'WORKSPACE'): string {
  return `${BITBUCKET}/${workspace}/workspace/settings/api`
}

/** Where users take back by hand what they allowed a consumer. */
export const APP_AUTHORIZATIONS_PAGE = `${BITBUCKET}/account/settings/app-authorizations/`

/** Where users switch on two-step verification. */
export const TWO_STEP_PAGE = `${BITBUCKET}/account/settings/two-step-verification/manage`

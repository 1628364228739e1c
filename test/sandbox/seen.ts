import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as the tests look at it afterwards; without what it carried. */
export type SeenRequest = {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly host: string
  readonly hasAuthorization: boolean
}

/** Adds the request to the list when it has come to its end, whoever ended it. */
export function note(requests: SeenRequest[], request: IncomingMessage, response: ServerResponse): void {
  response.on('close', () => {
    const { method = '', url = '', headers } = request
    requests.push({
      method,
      url,
      status: response.statusCode,
      host: headers.host ?? '',
      hasAuthorization: headers.authorization !== undefined,
    })
  })
}

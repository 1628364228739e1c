import test from 'ava'
import { isFresh, issueToken, isValid } from '../../src/tokens/accessToken.ts'

const bare = {
  accessToken: 'a',
  id: 'f00d',
  grantType: 'refresh_token',
  scopes: 'repository',
  isBearer: false,
  heals: true,
  isShadowed: false,
} as const
const token = { ...bare, obtainedAt: 2_800, expiresAt: 10_000 }

for (const [secondsLeft, fresh, valid] of [
  [7200, true, true],
  [300, true, true],
  [299, false, true],
  [1, false, true],
  [0, false, false],
  [-1, false, false],
] as const) {
  test(`a token with ${secondsLeft} seconds left is ${fresh ? 'fresh' : valid ? 'valid' : 'dead'}`, (t) => {
    t.is(isFresh(token, 10_000 - secondsLeft), fresh)
    t.is(isValid(token, 10_000 - secondsLeft), valid)
  })
}

for (const [title, ahead, expiresIn, lifetime] of [
  ['shows the server’s time', 0, 7200, 7200],
  ['is ahead by as much as time servers put right', 60, 7200, 7200],
  ['is ahead by more than that', 61, 7200, 7139],
  ['is half an hour ahead', 1800, 7200, 5400],
  ['is half a life ahead', 3600, 7200, 3600],
  ['is more than half a life ahead', 3601, 7200, 3600],
  ['is a year ahead', 31_536_000, 7200, 3600],
  ['is behind', -1800, 7200, 7200],
  ['is a year behind', -31_536_000, 7200, 7200],
  ['is ahead, of a short life', 61, 90, 45],
  ['is ahead, of the shortest life', 61, 1, 1],
  ['has nothing to be compared with', undefined, 7200, 7200],
] as const) {
  test(`a clock that ${title}: of ${expiresIn} seconds, ${lifetime} are counted on`, (t) => {
    const sent = 1_000_000.75
    const serverTime = ahead === undefined ? undefined : sent - ahead

    const issued = issueToken(bare, { sent, expiresIn, serverTime })

    t.deepEqual(issued, { ...bare, obtainedAt: 1_000_000, expiresAt: 1_000_000 + lifetime })
  })
}

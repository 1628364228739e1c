import test from 'ava'
import { isFresh, isValid } from '../../src/tokens/token.ts'

const token = { accessToken: 'a', obtainedAt: 2_800, expiresAt: 10_000 }

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

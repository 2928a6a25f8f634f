import { defineProblems } from '../http/problem.js';

export const testClockProblems = defineProblems('platform', {
  clock_not_movable: {
    status: 409,
    title: 'The clock of a shop is not moved',
    meaning: 'This store runs in production, where the time is the real one.',
    remedy: 'Move the clock of a sandbox: a store with its own database, without NODE_ENV=production.',
  },
  clock_moving: {
    status: 409,
    headers: ['Retry-After'],
    title: 'The clock is being moved already',
    meaning:
      'Another advancement has not reached its end yet; when its process has died, another goes on with it soon.',
    remedy:
      'Look after `Retry-After` seconds whether `advancement.state` of `GET /v1/admin/test-clock` is `finished`, and ask again then. It is ' +
      'longer where a process has died: that is when another one goes on.',
  },
});

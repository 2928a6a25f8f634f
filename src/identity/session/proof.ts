import type { Proof } from '../../platform/access/actor.js';

/** A passkey that verified its user stands for two factors; else a second way beside the first is needed. */
const SECOND = ['otp', 'hwk', 'swk'];

/** How much the ways of RFC 8176 prove together, as the levels of NIST SP 800-63B. */
export const levelOf = (methods: readonly string[]): 1 | 2 =>
  methods.some((method) => SECOND.includes(method)) ? 2 : 1;

/** What a session proves of its holder, who could prove two factors or only one. */
export const proofOf = (at: Date, methods: readonly string[], hasSecondFactor: boolean): Proof => ({
  at,
  methods,
  level: levelOf(methods),
  required: hasSecondFactor ? 2 : 1,
});

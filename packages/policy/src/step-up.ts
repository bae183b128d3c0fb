// Secrets are shown only to who has just proved who they are: a stolen token, or a screen left alone, opens none.
import type { Principal } from '@falaj/runtime';
import type { Rule } from './rule.js';

export const STEP_UP_REQUIRED = 'STEP_UP_REQUIRED';
/** Seconds since the sign-in. */
export const DEFAULT_STEP_UP_SECONDS = 300;

/** Overrides every grant of a secret field while it counts. */
export const stepUpRule: Rule = {
  id: 'platform.step-up',
  effect: 'DENY',
  actions: ['read'],
  subject: '*',
  classes: ['secret'],
  roles: ['*'],
  reason: STEP_UP_REQUIRED,
};

/** Whether the principal proved who it is less than `seconds` before `now`; one that nobody signed in for never did. */
export const signedInWithin = ({ authentication }: Principal, seconds: number, now: Date): boolean =>
  authentication !== undefined && now.getTime() / 1_000 - authentication.at < seconds;

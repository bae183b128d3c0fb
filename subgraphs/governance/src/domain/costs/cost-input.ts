// The form of what callers send about money.
import { z } from 'zod';
import { budgetPeriods, budgetScopes, usageUnits } from './budget.js';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case name such as gpu-pool');
const currency = z.string().regex(/^[A-Z]{3}$/, 'expected an ISO 4217 code such as AED');
const zone = z.string().refine((each) => each === 'UTC' || Intl.supportedValuesOf('timeZone').includes(each), {
  message: 'expected an IANA time zone such as Asia/Dubai',
});

export const poolInput = z.object({
  name,
  description: z.string().max(2_000).default(''),
  currency,
  prices: z
    .array(z.object({ unit: z.enum(usageUnits), price: z.number().min(0).max(1e9) }))
    .max(usageUnits.length)
    .refine((prices) => new Set(prices.map(({ unit }) => unit)).size === prices.length, 'one price for a unit'),
});

export const usageInput = z
  .object({
    key: z.string().min(1).max(300),
    pool: name,
    team: name.nullish(),
    subjectType: z.string().regex(/^[A-Z][A-Za-z]{0,62}$/, 'expected a type name such as Run or Endpoint'),
    subjectId: z.string().min(1).max(200),
    unit: z.enum(usageUnits),
    quantity: z.number().positive().max(1e15),
    startedAt: z.date(),
    endedAt: z.date(),
  })
  .refine(({ startedAt, endedAt }) => endedAt >= startedAt, {
    path: ['endedAt'],
    message: 'must not be before startedAt',
  });

export const budgetInput = z
  .object({
    name,
    scope: z.enum(budgetScopes),
    scopeName: name.nullish(),
    amount: z.number().positive().max(1e12),
    currency,
    period: z.enum(budgetPeriods),
    timeZone: zone.default('Asia/Dubai'),
    warnPercent: z.int().min(1).max(99).default(80),
  })
  .refine(({ scope, scopeName }) => (scope === 'WORKSPACE') === !scopeName, {
    path: ['scopeName'],
    message: 'names the team or the pool; for WORKSPACE there is none',
  });

export const overrideInput = z.object({
  budgetId: z.string().min(1),
  reason: z.string().trim().min(10, 'expected a reason of at least 10 characters').max(2_000),
  expiresAt: z.date(),
});

export const budgetQuestion = z.object({
  pool: name.nullish(),
  team: name.nullish(),
  estimatedCost: z.number().min(0).max(1e12).nullish(),
});

// The form of what callers send about incidents.
import { z } from 'zod';
import { incidentStates } from './incident-states.js';
import { levels, priorities } from './priority.js';

const text = z.string().trim().min(1).max(4_000);
const id = z.string().min(1).max(200);
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'expected HH:MM, 00:00 to 24:00');

export const incidentLinks = z
  .array(z.object({ type: z.string().regex(/^[A-Z][A-Za-z]{0,62}$/, 'expected a type name such as Endpoint'), id }))
  .max(50);

export const openIncidentInput = z.object({
  dedupKey: z.string().min(1).max(300),
  title: z.string().trim().min(1).max(300),
  description: z.string().max(20_000).default(''),
  impact: z.enum(levels),
  urgency: z.enum(levels),
  category: z.string().regex(/^[A-Z][A-Z0-9_]{0,62}$/, 'expected a name such as DRIFT or SECURITY_BREACH'),
  zone: z.string().min(2).nullish(),
  links: incidentLinks.nullish(),
  evidence: z.record(z.string(), z.unknown()).nullish(),
});

export const transitionInput = z.object({
  incidentId: id,
  to: z.enum(incidentStates),
  text: text.nullish(),
});
export const assignInput = z.object({ incidentId: id, principalId: id.nullish() });
export const prioritizeInput = z.object({
  incidentId: id,
  impact: z.enum(levels),
  urgency: z.enum(levels),
  reason: text,
});
export const commentInput = z.object({ incidentId: id, text });
export const linkInput = z.object({ incidentId: id, links: incidentLinks.min(1) });

export const calendarInput = z
  .object({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'expected a lower-case name such as abu-dhabi-office'),
    timeZone: z.string().refine((zone) => Intl.supportedValuesOf('timeZone').includes(zone) || zone === 'UTC', {
      message: 'expected an IANA time zone such as Asia/Dubai',
    }),
    workingDays: z.array(z.int().min(1).max(7)).min(1),
    opens: time,
    closes: time,
    holidays: z.array(z.iso.date()).max(400),
  })
  .refine(({ opens, closes }) => opens < closes, { path: ['closes'], message: 'must be later than opens' });

export const serviceLevelInput = z
  .object({
    priority: z.enum(priorities),
    responseMinutes: z.int().min(1).max(1_000_000),
    resolutionMinutes: z.int().min(1).max(1_000_000),
    calendar: z.string().min(1),
  })
  .refine(({ responseMinutes, resolutionMinutes }) => resolutionMinutes >= responseMinutes, {
    path: ['resolutionMinutes'],
    message: 'must not be less than responseMinutes',
  });

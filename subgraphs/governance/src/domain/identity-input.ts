import { z } from 'zod';

const zone = z
  .string()
  .regex(/^[A-Z]{2}(-[A-Z0-9]+)?$/, 'expected an ISO country such as AE, or a free zone such as AE-DIFC');
const id = z.string().min(1).max(128);

export const workspaceInput = z
  .object({
    name: z.string().trim().min(1).max(200),
    allowedZones: z.array(zone).min(1).max(64),
    defaultZone: zone.nullish(),
  })
  .refine((input) => !input.defaultZone || input.allowedZones.includes(input.defaultZone), {
    path: ['defaultZone'],
    message: 'expected one of allowedZones',
  });

export const relocationInput = z.object({
  principalId: z.string().min(1),
  zone,
  reason: z.string().trim().min(1).max(1_000),
});

export const principalInput = z.object({
  name: z.string().trim().min(1).max(200),
  kind: z.enum(['USER', 'SERVICE']),
  email: z.email().nullish(),
  zone,
  external: z.object({ issuer: z.url(), subject: z.string().min(1).max(255) }).nullish(),
});

export const serviceKeyInput = z.object({
  principalId: id,
  publicKey: z.string().min(1).max(4_096),
  expiresAt: z.date(),
});

export const provisioningTokenInput = z.object({ principalId: id, expiresAt: z.date() });

export const workloadInput = z.object({
  principalId: id,
  issuer: z.url().max(500),
  subject: z.string().min(1).max(500),
});

export const revocationInput = z.object({
  principalId: id,
  tokenId: z.string().min(1).max(500),
  issuer: z
    .url()
    .nullish()
    .transform((issuer) => issuer ?? undefined),
});

export const roleInput = z.object({ principalId: id, role: z.string() });

const groupName = z.string().trim().min(1).max(200);
const externalId = z.string().min(1).max(255).nullish();

export const newGroupInput = z.object({ name: groupName, externalId, fromDirectory: z.boolean().nullish() });
export const renameGroupInput = z.object({ groupId: id, name: groupName });
export const deleteGroupInput = z.object({ groupId: id });
export const groupMemberInput = z.object({ groupId: id, principalId: id });
export const groupRoleInput = z.object({ groupId: id, role: z.string(), expiresAt: z.date().nullish() });

/** Seconds that an access token may live at most. */
export const MAX_TOKEN_SECONDS = 900;

export const tokenInput = z.object({
  principalId: id,
  ttlSeconds: z.number().int().min(1).max(MAX_TOKEN_SECONDS),
});

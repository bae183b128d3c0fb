import { Attribute, connectionOf, DateTime, JSONObject } from '@falaj/subgraph-kit';
import { Field, ID, InputType, ObjectType, registerEnumType } from 'type-graphql';

export const ModelSignerKind = { PLATFORM: 'PLATFORM', PUBLISHER: 'PUBLISHER' } as const;
registerEnumType(ModelSignerKind, {
  name: 'ModelSignerKind',
  description: 'Who signs model files.',
  valuesConfig: {
    PLATFORM: { description: 'The platform itself, what its own runs trained.' },
    PUBLISHER: { description: 'Somebody outside whom an administrator trusts.' },
  },
});

@ObjectType('ModelSigner', { description: 'A key whose signature on a model file counts in this workspace.' })
export class ModelSigner {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ModelSignerKind, 'internal', 'Who signs with it.') kind!: string;
  @Attribute(() => String, 'internal', 'Whose key it is.') name!: string;
  @Attribute(() => String, 'internal', 'Public key, PEM (SPKI), for `model_signing verify key`.') publicKey!: string;
  @Attribute(() => String, 'internal', 'SHA-256 of the public key, in hex, as bundles hint at it.') keyId!: string;
  @Attribute(() => String, 'internal', 'Zone whose models the platform signs with it; null for publishers.')
  keyZone!: string | null;
  @Attribute(() => DateTime, 'internal', 'From when on nothing that it signed counts; null while it is trusted.')
  distrustedAt!: Date | null;
  @Attribute(() => String, 'pii', 'Who withdrew the trust.', { nullable: true }) distrustedBy!: string | null;
  @Attribute(() => String, 'internal', 'Why the trust was withdrawn.') distrustReason!: string | null;
  @Attribute(() => String, 'pii', 'Who trusted it first.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'Since when it is trusted.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

export const ModelSignerConnection = connectionOf(() => ModelSigner, 'ModelSigner');

@ObjectType('ModelAttestation', { description: 'Somebody’s signature on the file of a model version.' })
export class ModelAttestation {
  @Attribute(() => ID, 'open', 'Opaque id.') id!: string;
  @Attribute(() => ID, 'internal', 'Version.') modelVersionId!: string;
  @Attribute(
    () => JSONObject,
    'internal',
    'OpenSSF Model Signing v1.0: a Sigstore bundle v0.3, as `model_signing verify key` reads it.',
  )
  bundle!: Record<string, unknown>;
  @Attribute(() => String, 'internal', 'Zone of the version.') zone!: string;
  @Attribute(() => String, 'pii', 'Who handed it in.') owner!: string;
  @Attribute(() => DateTime, 'internal', 'When.') createdAt!: Date;
  @Attribute(() => [String], 'open', 'Fields withheld from this reader on this row.') maskedFields!: string[];
}

@InputType({ description: 'A publisher whose signature on model files will count.' })
export class TrustModelSignerInput {
  @Field(() => String, { description: 'Whose key it is, at most 200 characters.' }) name!: string;
  @Field(() => String, { description: 'Public key, PEM (SPKI), on the curve P-256, P-384 or P-521.' })
  publicKey!: string;
}

@InputType({ description: 'A signer whose signatures count no more.' })
export class DistrustModelSignerInput {
  @Field(() => ID, { description: 'Signer.' }) signerId!: string;
  @Field(() => String, { description: 'Why, at most 1,000 characters.' }) reason!: string;
}

@ObjectType({ description: 'Result of trustModelSigner and distrustModelSigner.' })
export class ModelSignerPayload {
  @Attribute(() => ModelSigner, 'open', 'The signer.', { nullable: true }) signer!: unknown;
}

@InputType({ description: 'A signature on the file of a version.' })
export class AttestModelVersionInput {
  @Field(() => ID, { description: 'Version.' }) modelVersionId!: string;
  @Field(() => JSONObject, {
    nullable: true,
    description:
      'The JSON that `model_signing sign key` writes. Absent: the platform signs, which it does for what its own runs trained.',
  })
  bundle?: Record<string, unknown>;
}

@ObjectType({ description: 'Result of attestModelVersion.' })
export class AttestModelVersionPayload {
  @Attribute(() => ModelAttestation, 'open', 'The attestation.', { nullable: true }) attestation!: unknown;
}

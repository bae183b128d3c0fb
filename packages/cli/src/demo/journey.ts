import type { FalajClient } from '@falaj/client';

/** What a stage finds and leaves: the actors' clients and the ids made so far. */
export interface Journey {
  readonly url: string;
  /** Unique per journey, so that it can run again beside an earlier one. */
  readonly label: string;
  /** Folder that data sources may be read from. */
  readonly landing: string;
  /** Opens a client; `workspace` by id. */
  connect(options: { token?: string; workspace?: string }): FalajClient;
  /** The operator's own client: whoever can read the data directory. */
  readonly operator: FalajClient;
  readonly operatorToken: string;
  /** Shows progress inside a stage. */
  progress(text: string): void;
  readonly actors: Partial<Actors>;
  readonly ids: Partial<Ids>;
}

export interface Actor {
  readonly name: string;
  readonly principalId: string;
  readonly token: string;
  readonly client: FalajClient;
}

export interface Actors {
  readonly engineer: Actor;
  readonly scientist: Actor;
  readonly approver: Actor;
  readonly outsider: Actor;
  /** Runs the pipeline: a program, not a person. */
  readonly bot: Actor;
}

export interface Ids {
  workspaceId: string;
  flights: string;
  airports: string;
  featureViews: string[];
  featureServiceId: string;
  trainingSetId: string;
  trainingSetDigest: string;
  experimentId: string;
  runId: string;
  modelVersionId: string;
  modelVersion: number;
  promotionId: string;
  /** Endpoint that the replay of February asks, and the version that stands against its own. */
  replayEndpointId: string;
  challengerVersionId: string;
  abTestId: string;
  /** Instants between which February was replayed. */
  replayFrom: string;
  replayTo: string;
  endpointId: string;
  endpointName: string;
}

export interface Stage {
  readonly title: string;
  /** Answers the figures that the stage's line shows. */
  run(journey: Journey): Promise<string>;
}

/** A value that an earlier stage left; a stage that comes too early says so by name. */
export function need<T, K extends keyof T>(from: T, key: K): NonNullable<T[K]> {
  const value = from[key];
  if (value === undefined || value === null) throw new Error(`The journey has no ${String(key)} yet.`);
  return value as NonNullable<T[K]>;
}

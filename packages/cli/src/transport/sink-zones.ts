// Where logs and traces are kept. Both leave the process for somebody else's disk, so each is a write target with a zone.
import { createLogger, PlatformError } from '@falaj/runtime';
import type { ResolvedConfig } from '../config.js';
import { isLoopback } from './secure-profile.js';

export interface Sink {
  readonly name: 'logs' | 'traces';
  /** Null where nobody said it. */
  readonly zone: string | null;
  /** Why it may be in another zone than the data. */
  readonly reason: string | null;
}

type Sinks = Pick<ResolvedConfig, 'profile' | 'zone' | 'logs' | 'tracing' | 'zoneExceptions'>;

export function sinksOf({ zone, logs, tracing, zoneExceptions: excused }: Sinks): readonly Sink[] {
  const sinks: Sink[] = [{ name: 'logs', zone: logs.zone ?? zone, reason: excused?.logs ?? null }];
  if (tracing.endpoint === undefined) return sinks;
  const here = isLoopback(collectorOf(tracing.endpoint)) ? zone : null;
  return [...sinks, { name: 'traces', zone: tracing.zone ?? here, reason: excused?.traces ?? null }];
}

/**
 * Throws CONFIG_INVALID in the profile `production` for each sink outside the zone of the installation, or in none that is
 * known, without a written reason; `development` warns of it.
 */
export function assertSinkZones(config: Sinks): void {
  const faults = sinksOf(config)
    .filter(({ zone, reason: excuse }) => zone !== config.zone && excuse === null)
    .map(({ name, zone }) => {
      const setting = name === 'logs' ? 'logs.zone' : 'tracing.zone';
      const found =
        zone === null
          ? `traces go to ${collectorOf(config.tracing.endpoint ?? '')}, and ${setting} does not say where that is`
          : `${setting} is ${zone}, this installation stands in ${config.zone}`;
      return `${found}: keep them in ${config.zone} and say so in ${setting}, or give the reason in zoneExceptions.${name}`;
    });
  if (faults.length === 0) return;
  if (config.profile !== 'production') {
    createLogger('transport').warn('what is written may leave the zone', { faults });
    return;
  }
  throw new PlatformError(
    'CONFIG_INVALID',
    `The profile production writes nothing beyond its zone: ${faults.join('; ')}.`,
    {
      details: { faults },
    },
  );
}

const collectorOf = (endpoint: string): string => URL.parse(endpoint)?.hostname ?? endpoint;

import { PlatformError } from '@falaj/runtime';
import pg from 'pg';

/** What row-level security lets a transaction see. Zones are jurisdictions such as `AE` or `AE-DIFC`; none shows no zoned row. */
export interface WorkspaceScope {
  readonly workspaceId: string;
  readonly zones: readonly string[];
  readonly principalId: string;
}

export interface TransactionLimits {
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/**
 * The one statement that opens a transaction: role, scope and limits, all local to it, in one round trip.
 * Several statements in one message admit no parameters, so values are quoted by the driver's own literal rule.
 */
export function beginStatement(scope: WorkspaceScope | 'system', limits: TransactionLimits, readOnly: boolean): string {
  const settings: [string, string][] = [
    ['role', scope === 'system' ? 'falaj_system' : 'falaj_app'],
    ['timezone', 'UTC'],
    ['statement_timeout', String(limits.statementTimeoutMs)],
    ['lock_timeout', String(limits.lockTimeoutMs)],
    ['idle_in_transaction_session_timeout', String(limits.idleTimeoutMs)],
  ];
  if (scope !== 'system') settings.push(...scopeSettings(scope));
  const calls = settings.map(([name, value]) => `set_config('${name}', ${pg.escapeLiteral(value)}, true)`);
  return `begin${readOnly ? ' read only' : ''}; select ${calls.join(', ')}`;
}

function scopeSettings(scope: WorkspaceScope): [string, string][] {
  requireText('workspaceId', scope.workspaceId);
  requireText('principalId', scope.principalId);
  for (const zone of scope.zones) {
    if (!/^[A-Za-z0-9_-]+$/.test(zone))
      throw new PlatformError(
        'BAD_USER_INPUT',
        `A zone is letters, digits, "-" and "_"; found ${JSON.stringify(zone)}.`,
      );
  }
  return [
    ['falaj.workspace', scope.workspaceId],
    ['falaj.zones', scope.zones.join(',')],
    ['falaj.principal', scope.principalId],
  ];
}

function requireText(field: string, value: string): void {
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw new PlatformError('BAD_USER_INPUT', `${field} of a workspace scope must be a text that is not empty.`);
}

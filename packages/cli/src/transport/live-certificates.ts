// Certificates that change on disk while the process runs: cert-manager and SPIRE renew them every few hours or minutes.
import { createLogger, gauge, periodically } from '@falaj/runtime';
import type { CertificateMaterial } from './certificate-files.js';

const LOOK_MS = 1_000;
const expiry = gauge('falaj_tls_certificate_expiry_seconds', 'When the certificate in use expires, Unix time.', [
  'listener',
] as const);
const log = createLogger('tls');

export interface LiveCertificates {
  readonly current: CertificateMaterial;
  /** Counts the changes since the start. */
  readonly generation: number;
  onChange(listener: (material: CertificateMaterial) => void): void;
  close(): Promise<void>;
}

/**
 * Reads once now, whose errors it throws, then looks every second. Files that do not fit together are half a change or a
 * mistake: what is in use stays so, and the log says why once the same is found again.
 */
export async function watchCertificates(
  listener: 'edge' | 'internal',
  read: () => Promise<CertificateMaterial>,
  everyMs = LOOK_MS,
): Promise<LiveCertificates> {
  let current = await read();
  let generation = 0;
  let complaint = '';
  let times = 0;
  const listeners: ((material: CertificateMaterial) => void)[] = [];
  const measure = () => expiry.set({ listener }, current.expiresAt.getTime() / 1_000);
  measure();
  const watch = periodically(
    'looking at certificates',
    everyMs,
    async () => {
      let found: CertificateMaterial;
      try {
        found = await read();
      } catch (error) {
        const reason = (error as Error).message;
        times = reason === complaint ? times + 1 : 1;
        complaint = reason;
        // Seen once, it is a change half written.
        if (times === 2) log.error('a changed certificate is not used', { listener, reason });
        return;
      }
      complaint = '';
      const { certificate, key, authorities } = current;
      if (found.certificate === certificate && found.key === key && found.authorities === authorities) return;
      current = found;
      generation += 1;
      measure();
      log.info('a new certificate is in use', { listener, expiresAt: found.expiresAt.toISOString() });
      for (const tell of listeners) tell(found);
    },
    log,
    { lastTime: false },
  );
  return {
    get current() {
      return current;
    },
    get generation() {
      return generation;
    },
    onChange: (tell) => void listeners.push(tell),
    close: () => watch.stop(),
  };
}

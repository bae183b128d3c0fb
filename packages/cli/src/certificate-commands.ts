// `falaj certificates …`: TLS on one's own machine without anybody's authority.
import { type Command, InvalidArgumentError } from 'commander';
import { trustDomainPattern } from './transport/spiffe-id.js';

const MOST_DAYS = 30;

export function addCertificateCommands(program: Command): void {
  program
    .command('certificates')
    .description('Certificates for development.')
    .command('create')
    .description(
      'Make a development authority, and certificates for the edge and each role; again, to renew them under the same one.',
    )
    .requiredOption('--directory <path>', 'where they are written; keys are readable by you only')
    .option('--trust-domain <name>', 'as in internalTls.trustDomain', trustDomain, 'falaj.test')
    .option('--host <names...>', 'host names and IPv4 addresses of the edge', ['localhost', '127.0.0.1'])
    .option('--days <number>', `how long they are valid, ${MOST_DAYS} at most`, days, 7)
    .action(async (options: { directory: string; trustDomain: string; host: string[]; days: number }) => {
      const { createCertificates } = await import('./transport/development-certificates.js');
      const { host: hosts, ...plan } = options;
      for (const file of await createCertificates({ ...plan, hosts })) process.stdout.write(`${file}\n`);
      process.stderr.write(
        'For development only: whoever reads authority.key can be any role. In production take certificates of SPIRE or cert-manager.\n',
      );
    });
}

function trustDomain(text: string): string {
  if (trustDomainPattern.test(text)) return text;
  throw new InvalidArgumentError('expected a SPIFFE trust domain: lower case letters, digits, dots, dashes');
}

function days(text: string): number {
  const number = Number(text);
  if (number > 0 && number <= MOST_DAYS) return number;
  throw new InvalidArgumentError(`expected up to ${MOST_DAYS}`);
}

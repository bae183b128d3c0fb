// `falaj advisories check`: known holes in what is installed, by a mirror of OSV that the operator keeps.
import type { Command } from 'commander';
import { type Judged, judgeBills, PRODUCT_BILL } from './advisories/judge-bills.js';
import { loadConfig } from './config.js';

export function addAdvisoryCommands(program: Command): void {
  program
    .command('advisories')
    .description('Known holes in installed packages.')
    .command('check')
    .argument('[bills...]', `CycloneDX bills of materials (default: ${PRODUCT_BILL}, of \`npm run sbom\`)`)
    .description('Hold bills of materials against the mirror that `advisories.mirror` of falaj.config.ts names.')
    .option('--mirror <directory>', 'another mirror')
    .option('--json', 'print the findings as JSON')
    .action(async (bills: string[], options: { mirror?: string; json?: boolean }) => {
      const config = await loadConfig(process.cwd());
      const judged = await judgeBills(config, bills, options.mirror);
      if (options.json) print(JSON.stringify(judged, null, 2));
      else for (const line of linesOf(judged)) print(line);
      if (judged.failures.length > 0) throw new Error(judged.failures.join('\n'));
    });
}

function linesOf({ packages, records, newest, findings }: Judged): string[] {
  return [
    ...findings.map(
      ({ package: { name, version }, advisory, aliases, severity, summary, fixed, accepted }) =>
        `${severity}  ${name}@${version}  ${[advisory, ...aliases].join(', ')}  ${summary}  ${fixed ? `fixed in ${fixed}` : 'no fixed version is known'}${accepted ? `  accepted: ${accepted}` : ''}`,
    ),
    `${findings.length} findings: ${packages} packages against ${records} records, the newest of ${newest}.`,
  ];
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

// Gives its credential away, as a program that was broken into would, and lives until it is told to end.
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const { FALAJ_TOKEN, FALAJ_URL, MEETING_PLACE } = process.env;
const token = join(MEETING_PLACE, 'token');
writeFileSync(`${token}.part`, JSON.stringify({ token: FALAJ_TOKEN, url: FALAJ_URL }));
renameSync(`${token}.part`, token);
while (!existsSync(join(MEETING_PLACE, 'end'))) await sleep(100);
process.exit(3);
